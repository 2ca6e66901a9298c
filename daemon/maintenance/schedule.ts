import type { Database } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { EventStore } from '../storage/event-store.ts';
import { RetentionHorizon } from './retention-horizon.ts';
import { Retention, type RetentionRun } from './retention.ts';
import type { Task, Tasks } from './tasks.ts';
import { giveBackFreePages } from './vacuum.ts';

export interface MaintenanceOptions {
  retentionDays: number;
  cleanupIntervalMs: number;
  /** Told when a run ends. */
  onDone: (report: { removed: number; durationMs: number }) => void;
  onError: (error: unknown) => void;
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
  readonly #options: MaintenanceOptions;
  readonly #retention: Retention;
  readonly #horizon: RetentionHorizon;
  #cleanupTimer: NodeJS.Timeout | undefined;
  readonly #tasks: Tasks;

  constructor(db: Database, store: EventStore, tasks: Tasks, options: MaintenanceOptions) {
    this.#db = db;
    this.#store = store;
    this.#tasks = tasks;
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
  }

  #scheduleCleanup(delayMs: number): void {
    this.#cleanupTimer = setTimeout(() => this.#startRun(), Math.min(delayMs, MAX_TIMER_MS)).unref();
  }

  #startRun(): void {
    this.#tasks
      .run(this.#cleanup())
      .catch(this.#options.onError)
      .finally(() => this.#scheduleCleanup(this.#options.cleanupIntervalMs));
  }

  *#cleanup(): Task<void> {
    const startedMs = performance.now();
    let run = this.#retention.begin(this.#horizon.next(Date.now() / 1000));
    while (!run.isDone) {
      run = this.#retention.slice(run, limits.maintenanceSliceMs);
      yield;
    }
    yield* giveBackFreePages(this.#db);
    this.#noteEnd(run);
    this.#options.onDone({ removed: run.removed, durationMs: performance.now() - startedMs });
  }

  #noteEnd(run: RetentionRun): void {
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
  }
}
