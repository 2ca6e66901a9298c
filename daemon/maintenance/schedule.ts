import type { Database } from 'better-sqlite3';
import type { EventStore } from '../storage/event-store.ts';
import type { Upkeep } from '../writer/writer-messages.ts';
import { Cleanup, type Removed } from '../retention/cleanup.ts';
import { RemovedFromParts } from '../retention/removed-from-parts.ts';
import { RetentionHorizon } from '../retention/retention-horizon.ts';
import { longestDays, type RetentionPolicy, SECONDS_PER_DAY } from '../retention/retention-policy.ts';
import type { Task, Tasks } from './tasks.ts';
import { giveBackFreePages } from './vacuum.ts';

/** What can change while the daemon runs. */
export interface MaintenanceTimes extends RetentionPolicy {
  cleanupIntervalMs: number;
}

/** What a run has done. */
export interface CleanupReport extends Removed {
  /** What the file has given back to the file system. */
  freedBytes: number;
  durationMs: number;
  /** Parts of the search index of which little is left. */
  sparseParts: number[];
}

export interface MaintenanceOptions extends MaintenanceTimes {
  /** Told when a run ends. */
  onDone: (report: CleanupReport) => void;
  onError: (error: unknown) => void;
  /** Told when a run begins, ends, or is planned: seconds. */
  onUpkeep?: (upkeep: Partial<Upkeep>) => void;
}

/** What the next run will go by. */
export interface CleanupOutlook {
  policy: RetentionPolicy;
  /** What a run takes for the present, seconds: behind the clock after a leap or a long time off. */
  clockSeconds: number;
  /** When there will be one by itself; null while one is running. */
  nextSeconds: number | null;
}

/** Longest delay a Node timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * When housekeeping is due: one timer, up to a day long. The time of the last run is kept in the database: a restart neither
 * skips nor repeats one.
 */
export class MaintenanceSchedule {
  readonly #db: Database;
  readonly #store: EventStore;
  #options: MaintenanceOptions;
  readonly #cleanup: Cleanup;
  readonly #horizon: RetentionHorizon;
  readonly #removedFromParts: RemovedFromParts;
  #cleanupTimer: NodeJS.Timeout | undefined;
  #nextSeconds: number | null = null;
  readonly #tasks: Tasks;

  constructor(db: Database, store: EventStore, tasks: Tasks, options: MaintenanceOptions) {
    this.#db = db;
    this.#store = store;
    this.#tasks = tasks;
    this.#options = options;
    this.#cleanup = new Cleanup(db, store);
    this.#horizon = new RetentionHorizon(db, options.cleanupIntervalMs);
    this.#removedFromParts = new RemovedFromParts(db);
  }

  start(): void {
    const last = Number(this.#db.prepare("SELECT value FROM meta WHERE key = 'last_cleanup_ms'").pluck().get() ?? 0);
    this.#options.onUpkeep?.({ last_cleanup: last > 0 ? last / 1000 : null });
    const dueInMs = last + this.#options.cleanupIntervalMs - Date.now();
    this.#scheduleCleanup(Math.max(0, Math.min(dueInMs, this.#options.cleanupIntervalMs)));
  }

  /** New times, in force from the next run on, which may be due at once. */
  adopt(times: MaintenanceTimes): void {
    const { retentionDays, retentionSizeBytes, retentionRules, cleanupIntervalMs } = times;
    this.#options = { ...this.#options, retentionDays, retentionSizeBytes, retentionRules, cleanupIntervalMs };
    if (this.#cleanupTimer !== undefined) this.start();
  }

  outlook(): CleanupOutlook {
    this.#horizon.adopt(this.#options.cleanupIntervalMs);
    const { retentionDays, retentionSizeBytes, retentionRules } = this.#options;
    return {
      policy: { retentionDays, retentionSizeBytes, retentionRules },
      clockSeconds: this.#horizon.next(Date.now() / 1000),
      nextSeconds: this.#nextSeconds,
    };
  }

  stop(): void {
    clearTimeout(this.#cleanupTimer);
  }

  /** A run for somebody who asks; the next one comes an interval later. */
  *runNow(): Task<CleanupReport> {
    this.#begin();
    try {
      return yield* this.#run();
    } finally {
      this.#scheduleCleanup(this.#options.cleanupIntervalMs);
    }
  }

  #scheduleCleanup(delayMs: number): void {
    const timerMs = Math.min(delayMs, MAX_TIMER_MS);
    clearTimeout(this.#cleanupTimer);
    this.#cleanupTimer = setTimeout(() => this.#startRun(), timerMs).unref();
    this.#nextSeconds = (Date.now() + timerMs) / 1000;
    this.#options.onUpkeep?.({ cleanup_running: false, next_cleanup: this.#nextSeconds });
  }

  #begin(): void {
    clearTimeout(this.#cleanupTimer);
    this.#cleanupTimer = undefined;
    this.#nextSeconds = null;
    this.#options.onUpkeep?.({ cleanup_running: true, next_cleanup: null });
  }

  #startRun(): void {
    this.#begin();
    this.#tasks
      .run(this.#run())
      .catch(this.#options.onError)
      .finally(() => this.#scheduleCleanup(this.#options.cleanupIntervalMs));
  }

  *#run(): Task<CleanupReport> {
    const startedMs = performance.now();
    const { policy, clockSeconds } = this.outlook();
    const removed = yield* this.#cleanup.run(policy, clockSeconds);
    const { freed_bytes: freedBytes } = yield* giveBackFreePages(this.#db);
    this.#noteEnd(policy, clockSeconds, removed.events);
    const sparseParts = this.#removedFromParts.sparse(this.#store.lastId);
    const report = { ...removed, freedBytes, durationMs: performance.now() - startedMs, sparseParts };
    this.#options.onDone(report);
    return report;
  }

  #noteEnd(policy: RetentionPolicy, clockSeconds: number, removed: number): void {
    const nowMs = Date.now();
    const note = this.#db.prepare<[string, number]>(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    this.#store.begin('normal');
    try {
      // As long as there is an event of that time.
      this.#store.gaps.expire(clockSeconds - longestDays(policy) * SECONDS_PER_DAY);
      this.#store.samples.expire(clockSeconds - policy.retentionDays * SECONDS_PER_DAY);
      this.#horizon.reached(clockSeconds);
      note.run('last_cleanup_ms', nowMs);
      if (removed > 0) note.run('retention_removed_at', nowMs / 1000);
      this.#store.commit();
      this.#options.onUpkeep?.({ last_cleanup: nowMs / 1000 });
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
    this.#db.pragma('optimize');
  }
}
