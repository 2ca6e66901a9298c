import type { Database } from 'better-sqlite3';
import { SECONDS_PER_DAY } from './retention-policy.ts';

/**
 * From when the days that events are kept are counted. It follows the clock, but not in leaps: a clock that jumps ahead must
 * not make everything expire. Each run takes the clock to be ahead of that of the last run by twice the time between two
 * runs or by a day at most, whichever is more, and the first run takes it from the newest event that was there when the
 * daemon started. After a long time off it catches up over some runs.
 */
export class RetentionHorizon {
  readonly #db: Database;
  #stepSeconds = 0;
  /** Arrival of the newest event of earlier times, seconds. */
  readonly #newestArrival: number | undefined;

  constructor(db: Database, cleanupIntervalMs: number) {
    this.#db = db;
    this.adopt(cleanupIntervalMs);
    this.#newestArrival = db.prepare<[], number>('SELECT arrived FROM event ORDER BY id DESC LIMIT 1').pluck().get();
  }

  /** Call between two runs. */
  adopt(cleanupIntervalMs: number): void {
    this.#stepSeconds = Math.max((2 * cleanupIntervalMs) / 1000, SECONDS_PER_DAY);
  }

  /** What the next run takes for the present, seconds. */
  next(nowSeconds: number): number {
    const last = this.#db.prepare<[], number>("SELECT value FROM meta WHERE key = 'cleanup_clock'").pluck().get();
    const start = last ?? this.#newestArrival ?? nowSeconds;
    return Math.min(nowSeconds, start + this.#stepSeconds);
  }

  /** A run has gone by this. Call inside a transaction. */
  reached(clockSeconds: number): void {
    this.#db
      .prepare(
        `INSERT INTO meta (key, value) VALUES ('cleanup_clock', ?)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
      )
      .run(clockSeconds);
  }
}
