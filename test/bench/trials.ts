/** What is measured. Each trial is a script of `trials/`, run in a process of its own with its input. */
import type { ServerProgram } from './programs.ts';

export interface Trial {
  name: string;
  script: string;
  input: { [name: string]: string | number };
  /** Skipped where this program is not on PATH. */
  needs?: ServerProgram;
  /** The trial that fills the home this one works on. */
  filledBy?: string;
  /** Works on ten million events, and is left out of a quick run. */
  isLarge?: true;
}

/** Trials of one phase take turns: all of them once, then all of them again. */
export interface Phase {
  /** Runs of each; undefined: as many as the run has rounds. */
  rounds?: 1;
  trials: readonly Trial[];
}

const RATE_EVENTS = 100_000;
/** The slowest: fewer do. */
const JETSTREAM_EVENTS = 50_000;
const FLUSHED_EVENTS = 50_000;
const AWAITED_EVENTS = 1_000;
const seed = 1;

export const phases: readonly Phase[] = [
  {
    trials: [
      { name: 'daybook', script: 'committed', input: { clients: 1, events: RATE_EVENTS, seed } },
      {
        name: 'daybook, search off',
        script: 'committed',
        input: { clients: 1, events: RATE_EVENTS, seed, search: 'off' },
      },
      {
        name: 'daybook, searchable',
        script: 'committed',
        input: { clients: 1, events: RATE_EVENTS, seed, search: 'awaited' },
      },
      {
        name: 'redis everysec',
        script: 'redis-stream',
        input: { batches: 'each awaited', appendFsync: 'everysec', clients: 1, events: RATE_EVENTS, seed },
        needs: 'redis-server',
      },
      {
        name: 'redis everysec, pipelined',
        script: 'redis-stream',
        input: { batches: 'pipelined', appendFsync: 'everysec', clients: 1, events: RATE_EVENTS, seed },
        needs: 'redis-server',
      },
      { name: 'bare insert', script: 'bare-insert', input: { events: RATE_EVENTS, seed } },
      { name: 'jetstream', script: 'jetstream', input: { events: JETSTREAM_EVENTS, seed }, needs: 'nats-server' },
      { name: 'daybook, 8 clients', script: 'committed', input: { clients: 8, events: RATE_EVENTS, seed } },
      {
        name: 'redis everysec, 8 clients',
        script: 'redis-stream',
        input: { batches: 'each awaited', appendFsync: 'everysec', clients: 8, events: RATE_EVENTS, seed },
        needs: 'redis-server',
      },
      {
        name: 'redis everysec, 8 clients, pipelined',
        script: 'redis-stream',
        input: { batches: 'pipelined', appendFsync: 'everysec', clients: 8, events: RATE_EVENTS, seed },
        needs: 'redis-server',
      },
      { name: 'daybook flushed', script: 'flushed', input: { events: FLUSHED_EVENTS, seed } },
      {
        name: 'redis always',
        script: 'redis-stream',
        input: { batches: 'each awaited', appendFsync: 'always', clients: 1, events: FLUSHED_EVENTS, seed },
        needs: 'redis-server',
      },
      {
        name: 'redis always, pipelined',
        script: 'redis-stream',
        input: { batches: 'pipelined', appendFsync: 'always', clients: 1, events: FLUSHED_EVENTS, seed },
        needs: 'redis-server',
      },
      {
        name: 'daybook, one awaited',
        script: 'one-at-a-time',
        input: { durability: 'committed', events: AWAITED_EVENTS, seed },
      },
      {
        name: 'redis everysec, one awaited',
        script: 'redis-one-at-a-time',
        input: { appendFsync: 'everysec', events: AWAITED_EVENTS, seed },
        needs: 'redis-server',
      },
      { name: 'floor: echo', script: 'echo-one-at-a-time', input: { path: 'direct', events: AWAITED_EVENTS, seed } },
      {
        name: 'floor: echo through a thread',
        script: 'echo-one-at-a-time',
        input: { path: 'thread', events: AWAITED_EVENTS, seed },
      },
      {
        name: 'daybook flushed, one awaited',
        script: 'one-at-a-time',
        input: { durability: 'flushed', events: AWAITED_EVENTS, seed },
      },
      {
        name: 'redis always, one awaited',
        script: 'redis-one-at-a-time',
        input: { appendFsync: 'always', events: AWAITED_EVENTS, seed },
        needs: 'redis-server',
      },
      { name: 'client import', script: 'client-import', input: {} },
    ],
  },
  {
    rounds: 1,
    trials: [
      { name: 'memory and idle', script: 'memory-and-idle', input: { events: 1_000_000, seed } },
      { name: 'ten million', script: 'ten-million', input: { events: 10_000_000, seed }, isLarge: true },
    ],
  },
  {
    trials: [
      {
        name: 'questions at 1 M',
        script: 'questions',
        input: { home: 'oneMillion', warmUp: 200, questions: 400 },
        filledBy: 'memory and idle',
      },
      {
        name: 'questions at 10 M',
        script: 'questions',
        input: { home: 'tenMillion', warmUp: 200, questions: 400 },
        filledBy: 'ten million',
        isLarge: true,
      },
      {
        name: 'receipts beside a query',
        script: 'receipts-beside-query',
        input: { phaseMs: 700, seed: 2 },
        filledBy: 'memory and idle',
      },
      { name: 'start at 10 M', script: 'start', input: { starts: 3 }, filledBy: 'ten million', isLarge: true },
      { name: 'list at 10 M', script: 'list-command', input: { runs: 5 }, filledBy: 'ten million', isLarge: true },
    ],
  },
];
