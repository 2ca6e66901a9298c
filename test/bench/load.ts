import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import { type BenchEvent, corpus } from './corpus.ts';

/**
 * What every sender of a rate does, ours and those of the peers: batches of 500, and at most 4,000 events of all clients
 * together without an answer. So one client has eight batches in flight, and each of eight has one.
 */
export const BATCH_EVENTS = 500;
export const EVENTS_IN_FLIGHT = 4_000;

/** Sent before the clock starts: compilers, caches and files are then what they are in the long run. */
const WARM_UP_EVENTS = 20_000;
const WARM_UP_SEED = 77;

/** Sends some events and resolves when all of them are acknowledged. */
export type Send = (events: readonly BenchEvent[], inFlight: number) => Promise<void>;

/** Events per second from the first send to the last answer, the senders sharing the events between them. */
export async function measureRate(senders: readonly Send[], events: number, seed: number): Promise<number> {
  const inFlight = EVENTS_IN_FLIGHT / senders.length;
  await everyone(senders, shares(WARM_UP_EVENTS, WARM_UP_SEED, senders.length), inFlight);
  const measured = shares(events, seed, senders.length);
  const started = performance.now();
  await everyone(senders, measured, inFlight);
  return events / ((performance.now() - started) / 1000);
}

/** Sends in batches, each answered as one, with at most `inFlight` events unanswered. */
export async function sendBatches(
  events: readonly BenchEvent[],
  inFlight: number,
  send: (batch: readonly BenchEvent[]) => Promise<unknown>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let from = 0; from < events.length; from += BATCH_EVENTS) {
    if (underWay.size >= inFlight / BATCH_EVENTS) await Promise.race(underWay);
    const answered: Promise<void> = send(events.slice(from, from + BATCH_EVENTS)).then(() => {
      underWay.delete(answered);
    });
    underWay.add(answered);
  }
  await Promise.all(underWay);
}

/** Time in `record()`, summed. */
export class RecordClock {
  ms = 0;
  events = 0;
}

/** Gives events to `record()`, 500 at a time, and looks every millisecond whether there may be more in flight. */
export async function recordInBatches(
  client: Client,
  events: Iterable<BenchEvent>,
  inFlight: number,
  clock: RecordClock,
  onBatch: () => void = () => undefined,
): Promise<void> {
  const recordAll = (batch: readonly BenchEvent[]) => {
    const started = performance.now();
    for (const event of batch) client.record(event);
    clock.ms += performance.now() - started;
    clock.events += batch.length;
  };
  let batch: BenchEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH_EVENTS) continue;
    while (client.counters.pending > inFlight - BATCH_EVENTS) await pause(1);
    recordAll(batch);
    batch = [];
    onBatch();
    // What has been gathered leaves at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  recordAll(batch);
  await client.flush();
}

function shares(events: number, seed: number, senders: number): BenchEvent[][] {
  const all = [...corpus(events, seed)];
  return Array.from({ length: senders }, (_, index) =>
    all.slice((index * events) / senders, ((index + 1) * events) / senders),
  );
}

async function everyone(senders: readonly Send[], events: BenchEvent[][], inFlight: number): Promise<void> {
  await Promise.all(senders.map((send, index) => send(events[index] ?? [], inFlight)));
}
