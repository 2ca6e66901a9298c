import type { Database } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { EventStore } from '../storage/event-store.ts';
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
/** Quiet time after the last commit before the write-ahead log is folded into the database. */
const IDLE_CHECKPOINT_MS = 30_000;
const VACUUM_PAGES = 256;

/**
 * Housekeeping on the writer's connection, in slices between its batches.
 *
 * States: waiting (one timer, up to a day long), running (one slice a turn of the event loop, so that batches go first).
 * The time of the last run is kept in the database: a restart neither skips nor repeats one.
 */
export class MaintenanceSchedule {
  readonly #db: Database;
  readonly #options: MaintenanceOptions;
  readonly #retention: Retention;
  #cleanupTimer: NodeJS.Timeout | undefined;
  #checkpointTimer: NodeJS.Timeout | undefined;
  #slice: NodeJS.Immediate | undefined;

  constructor(db: Database, store: EventStore, options: MaintenanceOptions) {
    this.#db = db;
    this.#options = options;
    this.#retention = new Retention(db, store);
  }

  start(): void {
    const last = Number(this.#db.prepare("SELECT value FROM meta WHERE key = 'last_cleanup_ms'").pluck().get() ?? 0);
    const dueInMs = last + this.#options.cleanupIntervalMs - Date.now();
    this.#scheduleCleanup(Math.max(0, Math.min(dueInMs, this.#options.cleanupIntervalMs)));
  }

  stop(): void {
    clearTimeout(this.#cleanupTimer);
    clearTimeout(this.#checkpointTimer);
    if (this.#slice !== undefined) clearImmediate(this.#slice);
  }

  /** Call after each commit. */
  noteCommit(): void {
    if (this.#checkpointTimer === undefined) {
      this.#checkpointTimer = setTimeout(() => this.#checkpoint(), IDLE_CHECKPOINT_MS).unref();
    } else {
      this.#checkpointTimer.refresh();
    }
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
    step(this.#retention.begin(Date.now() / 1000, this.#options.retentionDays));
  }

  #finishRun(run: RetentionRun, startedMs: number): void {
    this.#slice = undefined;
    this.#db.pragma('optimize');
    this.#db
      .prepare(
        "INSERT INTO meta (key, value) VALUES ('last_cleanup_ms', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      )
      .run(Date.now());
    this.#options.onDone({ removed: run.removed, durationMs: performance.now() - startedMs });
    this.#scheduleCleanup(this.#options.cleanupIntervalMs);
  }

  /** Gives some free pages back to the file system; false when there are none. */
  #vacuumStep(): boolean {
    if (Number(this.#db.pragma('freelist_count', { simple: true })) === 0) return false;
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    return true;
  }

  /** Folds the WAL into the database while nothing is written. A reader in the way is not waited for. */
  #checkpoint(): void {
    try {
      const busyTimeoutMs = Number(this.#db.pragma('busy_timeout', { simple: true }));
      this.#db.pragma('busy_timeout = 0');
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
      this.#db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
