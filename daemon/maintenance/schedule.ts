import type { Database } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { EventStore } from '../storage/event-store.ts';
import { RetentionHorizon } from './retention-horizon.ts';
import { Retention, type RetentionRun } from './retention.ts';

export interface MaintenanceOptions {
  retentionDays: number;
  cleanupIntervalMs: number;
  /** Told when a run ends. */
  onDone: (report: { removed: number; durationMs: number }) => void;
  onError: (error: unknown) => void;
}

/** Longest delay a Node timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const VACUUM_PAGES = 256;

/**
 * Housekeeping on the writer's connection, in slices between its batches.
 *
 * States: waiting (one timer, up to a day long), running (one slice a turn of the event loop, so that batches go first).
 * The time of the last run is kept in the database: a restart neither skips nor repeats one.
 */
export class MaintenanceSchedule {
  readonly #db: Database;
  readonly #store: EventStore;
  readonly #options: MaintenanceOptions;
  readonly #retention: Retention;
  readonly #horizon: RetentionHorizon;
  #cleanupTimer: NodeJS.Timeout | undefined;
  #slice: NodeJS.Immediate | undefined;

  constructor(db: Database, store: EventStore, options: MaintenanceOptions) {
    this.#db = db;
    this.#store = store;
    this.#options = options;
    this.#retention = new Retention(db, store);
    this.#horizon = new RetentionHorizon(db, options);
  }

  start(): void {
    const last = Number(this.#db.prepare("SELECT value FROM meta WHERE key = 'last_cleanup_ms'").pluck().get() ?? 0);
    const dueInMs = last + this.#options.cleanupIntervalMs - Date.now();
    this.#scheduleCleanup(Math.max(0, Math.min(dueInMs, this.#options.cleanupIntervalMs)));
  }

  stop(): void {
    clearTimeout(this.#cleanupTimer);
    if (this.#slice !== undefined) clearImmediate(this.#slice);
  }

  #scheduleCleanup(delayMs: number): void {
    this.#cleanupTimer = setTimeout(() => this.#startRun(), Math.min(delayMs, MAX_TIMER_MS)).unref();
  }

  #startRun(): void {
    const startedMs = performance.now();
    const step = (run: RetentionRun) => {
      this.#slice = setImmediate(() => {
        try {
          const next = run.isDone ? run : this.#retention.slice(run, limits.maintenanceSliceMs);
          if (!next.isDone || this.#vacuumStep()) step(next);
          else this.#finishRun(next, startedMs);
        } catch (error) {
          this.#options.onError(error);
          this.#scheduleCleanup(this.#options.cleanupIntervalMs);
        }
      });
    };
    step(this.#retention.begin(this.#horizon.next(Date.now() / 1000)));
  }

  #finishRun(run: RetentionRun, startedMs: number): void {
    this.#slice = undefined;
    this.#store.begin('normal');
    try {
      this.#store.gaps.expire(run.cutoffSeconds);
      this.#store.samples.expire(run.cutoffSeconds);
      this.#horizon.reached(run.cutoffSeconds);
      this.#db
        .prepare(
          "INSERT INTO meta (key, value) VALUES ('last_cleanup_ms', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        )
        .run(Date.now());
      this.#store.commit();
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
    this.#db.pragma('optimize');
    this.#options.onDone({ removed: run.removed, durationMs: performance.now() - startedMs });
    this.#scheduleCleanup(this.#options.cleanupIntervalMs);
  }

  /** Gives some free pages back to the file system; false when there are none. */
  #vacuumStep(): boolean {
    if (Number(this.#db.pragma('freelist_count', { simple: true })) === 0) return false;
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    return true;
  }
}
