import { type Client, DaybookError, type StatsReply, type StatusReply, type StoredEvent } from '../../index.ts';
import { limits } from '../../../shared/limits.ts';
import type { CaptureFigures, DaemonFigures, Figures, LearningFigures, SourceFigures, TypeFigures } from './figures.ts';
import { MinuteCounts } from './minute-counts.ts';
import { secondsToNextState } from './next-state.ts';
import { matchesFilter } from './view.ts';

const BYTES_PER_MIB = 1024 * 1024;
/** Newest samples among which a learner's figures are looked for: the daemon adds one of its own every five minutes. */
const SAMPLES = 300;
/** Between two looks that tell a rate, at least. */
const RATE_SECONDS = 0.5;

/** What can be asked of a daemon, and what the answers mean. Each look brings a part of the figures up to date. */
export class Looks {
  readonly #client: Client;
  readonly #minutes = new MinuteCounts();
  #lastStatus: { reply: StatusReply; seconds: number } | undefined;
  #lastStats: { reply: StatsReply; seconds: number } | undefined;
  #lastCapture: { capture: CaptureFigures; lastId: number } | undefined;
  #figures: Figures;
  #secondsToNextState = Number.POSITIVE_INFINITY;

  /** @param figures what is shown until the answers are there */
  constructor(client: Client, figures: Figures) {
    this.#client = client;
    this.#figures = figures;
  }

  get figures(): Figures {
    return this.#figures;
  }

  /** In how many seconds the state of a source changes by itself. */
  get secondsToNextState(): number {
    return this.#secondsToNextState;
  }

  /** @returns the highest id stored */
  async status(): Promise<number> {
    const reply = await this.#client.status();
    const seconds = performance.now() / 1000;
    const last = this.#lastStatus;
    const daemon = daemonFigures(reply);
    const known = this.#figures.daemon;
    // Worked out anew it would be off by a hair each time.
    if (known?.pid === daemon.pid && Math.abs(known.started - daemon.started) < 2) daemon.started = known.started;
    if (last === undefined || seconds - last.seconds >= RATE_SECONDS) {
      if (last !== undefined) Object.assign(daemon, rates(last, reply, seconds));
      this.#lastStatus = { reply, seconds };
    } else {
      daemon.cpu_share = known?.cpu_share ?? null;
      daemon.events_per_second_now = known?.events_per_second_now ?? null;
    }
    this.#set({ daemon, performance: reply.performance ?? null, capture: this.#captureAt(reply) });
    return reply.last_id;
  }

  /** What has been stored since the last `stats`, which costs more, is in it too. */
  #captureAt({ last_id: lastId, performance: measured }: StatusReply): CaptureFigures | null {
    const { capture } = this.#figures;
    const stats = this.#lastCapture;
    // A cleanup takes away as well.
    if (capture === null || stats === undefined || measured?.cleanup_running === true) return capture;
    const added = Math.max(0, lastId - stats.lastId);
    const stored = stats.capture.stored === null ? null : stats.capture.stored + added;
    return { ...capture, events: stats.capture.events + added, stored };
  }

  async stats(): Promise<void> {
    const reply = await this.#unlessNothingStored(() => this.#client.stats());
    const seconds = performance.now() / 1000;
    if (reply === undefined) {
      this.#set({ capture: null, types: null, minutes: null, learning: null });
      return;
    }
    const last = this.#lastStats;
    const capture = captureFigures(reply);
    this.#lastCapture = { capture, lastId: reply.database_stats.last_id };
    this.#set({ capture, types: typeFigures(reply, last && { ...last, until: seconds }) });
    if (last === undefined || seconds - last.seconds >= RATE_SECONDS) this.#lastStats = { reply, seconds };
  }

  /** A daemon that does not know `sources` has said which there are in its `stats`. */
  async sources(): Promise<void> {
    try {
      const reply = await this.#unlessNothingStored(() => this.#client.sources());
      if (reply === undefined) return;
      const timeout = this.#figures.daemon?.batch_timeout_seconds ?? 0;
      this.#secondsToNextState = secondsToNextState(reply.sources, timeout);
      this.#set({
        sources: reply.sources.map(({ source, events, last_committed, last_timestamp, state, cadence_seconds }) => ({
          source,
          events,
          last: last_committed ?? last_timestamp,
          state,
          cadence_seconds,
        })),
      });
    } catch (error) {
      if (!(error instanceof DaybookError) || error.code !== 'unknown_kind') throw error;
      this.#set({ sources: withoutStates(this.#lastStats?.reply) });
    }
  }

  /** Counts what is due of the last hour, newest first, until the time is up. @returns whether everything is counted */
  async minutes(timeMs: number): Promise<boolean> {
    const endMs = performance.now() + timeMs;
    for (const minute of this.#minutes.due(Date.now() / 1000)) {
      const query = { since: minute, until: minute + 60, onDamaged: () => undefined };
      const counts = await this.#unlessNothingStored(() => this.#client.count(query));
      if (counts === undefined) return true;
      this.#minutes.set(minute, counts[0]?.count ?? 0, Date.now() / 1000);
      if (performance.now() > endMs) break;
    }
    const now = Date.now() / 1000;
    this.minutesPass(false);
    return this.#minutes.figures(now, false).events.every((count) => count !== null);
  }

  /** The hour that is shown ends now. @param isQuiet nothing has come since everything was counted */
  minutesPass(isQuiet: boolean): void {
    if (this.#figures.daemon?.stores !== true) return;
    this.#set({ minutes: this.#minutes.figures(Date.now() / 1000, isQuiet) });
  }

  recountMinutes(): void {
    this.#minutes.recount();
  }

  async learning(): Promise<void> {
    const learning = await this.#unlessNothingStored(async (): Promise<LearningFigures> => {
      const samples = await Array.fromAsync(this.#client.samples({ limit: SAMPLES }));
      const patterns = await Array.fromAsync(this.#client.patterns({ limit: 1 }));
      const said = (name: 'active_embryos' | 'avg_fitness') => {
        const sample = samples.find((each) => each[name] !== null);
        return sample === undefined ? null : { value: sample[name] ?? 0, at: sample.timestamp };
      };
      return {
        active_embryos: said('active_embryos'),
        average_fitness: said('avg_fitness'),
        latest_pattern: patterns[0] ?? null,
      };
    });
    this.#set({ learning: learning ?? null });
  }

  /** The newest events, or those of types and sources with a text in their names. */
  async latest(limit: number, filter: string): Promise<StoredEvent[]> {
    const pages = filters(filter, this.#lastStats?.reply).map((wanted) =>
      this.#unlessNothingStored(() => this.#client.page({ filter: wanted, limit, order: 'desc' })),
    );
    return (await Promise.all(pages)).flatMap((page) => page?.events ?? []);
  }

  #set(figures: Partial<Figures>): void {
    this.#figures = { ...this.#figures, ...figures };
  }

  /** Undefined from a daemon that stores nothing. */
  async #unlessNothingStored<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof DaybookError && error.code === 'persistence_disabled') return undefined;
      throw error;
    }
  }
}

function daemonFigures(reply: StatusReply): DaemonFigures {
  return {
    pid: reply.pid,
    version: reply.version,
    started: Date.now() / 1000 - reply.uptime_seconds,
    stores: reply.persistence,
    disk_full: reply.storage === 'disk_full',
    connections: reply.connections,
    tails: reply.tails,
    gaps: reply.gaps ?? null,
    batch_size: reply.settings.batch_size,
    batch_timeout_seconds: reply.settings.batch_timeout,
    retention_days: reply.settings.retention_days,
    queue_bytes: reply.queue_bytes,
    memory_bytes: reply.memory_bytes,
    cpu_share: null,
    events_per_second_now: null,
  };
}

function rates(
  last: { reply: StatusReply; seconds: number },
  reply: StatusReply,
  seconds: number,
): Pick<DaemonFigures, 'cpu_share' | 'events_per_second_now'> {
  const passed = seconds - last.seconds;
  const [cpu, lastCpu] = [reply.performance?.cpu_seconds, last.reply.performance?.cpu_seconds];
  return {
    cpu_share: cpu === undefined || lastCpu === undefined ? null : Math.max(0, cpu - lastCpu) / passed,
    events_per_second_now: Math.max(0, reply.last_id - last.reply.last_id) / passed,
  };
}

function captureFigures({ database_stats: database, ...reply }: StatsReply): CaptureFigures {
  return {
    events: database.total_events,
    patterns: database.total_patterns,
    size_bytes: database.database_size_mb * BYTES_PER_MIB,
    oldest: database.oldest_timestamp,
    newest: database.newest_timestamp,
    stored: reply.total_stored,
    duplicate: reply.total_duplicate,
    rejected: reply.total_rejected,
  };
}

function typeFigures(
  { database_stats: { by_type: types } }: StatsReply,
  last: { reply: StatsReply; seconds: number; until: number } | undefined,
): TypeFigures[] {
  const before = last?.reply.database_stats.by_type;
  return Object.entries(types).map(([type, events]) => ({
    type,
    events,
    events_per_second:
      last === undefined || before === undefined
        ? null
        : Math.max(0, events - (before[type] ?? 0)) / Math.max(last.until - last.seconds, RATE_SECONDS),
  }));
}

function withoutStates(stats: StatsReply | undefined): SourceFigures[] | null {
  if (stats === undefined) return null;
  return Object.entries(stats.database_stats.by_source).map(([source, events]) => ({
    source,
    events,
    last: null,
    state: null,
    cadence_seconds: null,
  }));
}

/** A type or a source may have the text in its name: two questions, since one would mean both. */
function filters(filter: string, stats: StatsReply | undefined): { types?: string[]; sources?: string[] }[] {
  if (filter === '') return [{}];
  const named = (counts: { [name: string]: number } = {}) =>
    Object.keys(counts)
      .filter((name) => matchesFilter(filter, name))
      .slice(0, limits.filterValues);
  const types = named(stats?.database_stats.by_type);
  const sources = named(stats?.database_stats.by_source);
  return [...(types.length > 0 ? [{ types }] : []), ...(sources.length > 0 ? [{ sources }] : [])];
}
