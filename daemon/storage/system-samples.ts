import type { Database, Statement } from 'better-sqlite3';
import { statSync } from 'node:fs';
import type { SampleFigures, StoreSampleRequest } from '../../shared/messages/samples.ts';

type Row = SampleFigures & { timestamp: number };

/** A sample of its own is due when the last one is so old. */
const INTERVAL_SECONDS = 300;
const BYTES_PER_MIB = 1024 * 1024;

/** How the system was, from time to time. Use it inside a transaction. */
export class SystemSamples {
  readonly #db: Database;
  readonly #insert: Statement<[Row]>;
  readonly #find: Statement<[Row], number>;
  readonly #total: Statement<[], number>;
  readonly #expire: Statement<[number]>;
  /** When the last sample was taken, seconds; until there is one, since when we wait for it. */
  #lastSeconds: number;
  /** Where the rate is counted from. */
  #from: { ms: number; id: number };

  /** @param newestId the highest id that was given to an event */
  constructor(db: Database, newestId: number) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO system_stats (timestamp, total_events, events_per_second, active_embryos, avg_fitness, storage_mb)
       VALUES (@timestamp, @total_events, @events_per_second, @active_embryos, @avg_fitness, @storage_mb)`,
    );
    this.#find = db
      .prepare<[Row], number>(
        `SELECT id FROM system_stats
         WHERE timestamp = @timestamp AND total_events IS @total_events AND events_per_second IS @events_per_second
           AND active_embryos IS @active_embryos AND avg_fitness IS @avg_fitness AND storage_mb IS @storage_mb`,
      )
      .pluck();
    this.#total = db.prepare<[], number>("SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'type'").pluck();
    this.#expire = db.prepare('DELETE FROM system_stats WHERE timestamp < ?');
    const nowSeconds = Date.now() / 1000;
    const last = db.prepare<[number], number | null>('SELECT max(timestamp) FROM system_stats WHERE timestamp <= ?');
    this.#lastSeconds = last.pluck().get(nowSeconds) ?? nowSeconds;
    this.#from = { ms: performance.now(), id: newestId };
  }

  /** A clock that was set back does not keep it waiting. */
  isDue(nowSeconds: number): boolean {
    return Math.abs(nowSeconds - this.#lastSeconds) >= INTERVAL_SECONDS;
  }

  /** There will be none before the interval has passed again. */
  postpone(nowSeconds: number): void {
    this.#lastSeconds = nowSeconds;
  }

  /** Stores a sample and returns its id. One with a timestamp is stored as it is, once; another is of now. */
  add(given: StoreSampleRequest, nowSeconds: number, newestId: number): number {
    const nothing = { total_events: null, events_per_second: null, active_embryos: null, avg_fitness: null };
    if (given.timestamp !== undefined) {
      const row = { ...nothing, storage_mb: null, ...given, timestamp: given.timestamp };
      return this.#find.get(row) ?? Number(this.#insert.run(row).lastInsertRowid);
    }
    const row = { ...nothing, ...this.#own(newestId), ...given, timestamp: nowSeconds };
    this.#lastSeconds = nowSeconds;
    this.#from = { ms: performance.now(), id: newestId };
    return Number(this.#insert.run(row).lastInsertRowid);
  }

  /** Forgets samples of times of which nothing is kept. */
  expire(cutoffSeconds: number): void {
    this.#expire.run(cutoffSeconds);
  }

  #own(newestId: number): Pick<SampleFigures, 'total_events' | 'events_per_second' | 'storage_mb'> {
    const seconds = (performance.now() - this.#from.ms) / 1000;
    // Only stat: opening and closing the file elsewhere in the process would drop SQLite's locks.
    const sizes = ['', '-wal'].map((suffix) => statSync(this.#db.name + suffix, { throwIfNoEntry: false })?.size ?? 0);
    return {
      total_events: this.#total.get() ?? 0,
      events_per_second: seconds > 0 ? (newestId - this.#from.id) / seconds : 0,
      storage_mb: sizes.reduce((sum, size) => sum + size, 0) / BYTES_PER_MIB,
    };
  }
}
