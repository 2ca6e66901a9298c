import type { Database } from 'better-sqlite3';

const SECONDS_PER_DAY = 86_400;

export interface RetentionHorizonOptions {
  retentionDays: number;
  cleanupIntervalMs: number;
}

/**
 * How far back events are kept. It follows the clock, but not in leaps: a clock that jumps ahead must not make everything
 * expire. Each run takes the clock to be ahead of that of the last run by twice the time between two runs or by a day at
 * most, whichever is more, and the first run takes it from the newest event that was there when the daemon started. After
 * a long time off it catches up over some runs.
 */
export class RetentionHorizon {
  readonly #db: Database;
  readonly #retentionSeconds: number;
  readonly #stepSeconds: number;
  /** Arrival of the newest event of earlier times, seconds. */
  readonly #newestArrival: number | undefined;

  constructor(db: Database, { retentionDays, cleanupIntervalMs }: RetentionHorizonOptions) {
    this.#db = db;
    this.#retentionSeconds = retentionDays * SECONDS_PER_DAY;
    this.#stepSeconds = Math.max((2 * cleanupIntervalMs) / 1000, SECONDS_PER_DAY);
    this.#newestArrival = db.prepare<[], number>('SELECT arrived FROM event ORDER BY id DESC LIMIT 1').pluck().get();
  }

  /** The moment before which events expire now, seconds. */
  next(nowSeconds: number): number {
    const last = this.#db.prepare<[], number>("SELECT value FROM meta WHERE key = 'cleanup_clock'").pluck().get();
    const start = last ?? this.#newestArrival ?? nowSeconds;
    return Math.min(nowSeconds, start + this.#stepSeconds) - this.#retentionSeconds;
  }

  /** Everything before this is gone. Call inside a transaction. */
  reached(cutoffSeconds: number): void {
    this.#db
      .prepare(
        `INSERT INTO meta (key, value) VALUES ('cleanup_clock', ?)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
      )
      .run(cutoffSeconds + this.#retentionSeconds);
  }
}
