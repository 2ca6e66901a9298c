import type { Database, Statement } from 'better-sqlite3';
import type { DatabaseStats } from '../../shared/messages/stats.ts';
import { fileSizes } from '../storage/file-sizes.ts';
import { hourOf } from '../storage/tallies.ts';

const SECONDS_PER_HOUR = 3600;
const BYTES_PER_MIB = 1024 * 1024;

/** Figures about the whole database, from counts that are kept up to date; only the last hour is counted by row. */
export class DatabaseFigures {
  readonly #db: Database;
  readonly #byName: Statement<[string], { text: string; events: number }>;
  readonly #patterns: Statement<[], number>;
  readonly #lastId: Statement<[], number>;
  readonly #fact: Statement<[string], number>;
  readonly #forgotten: Statement<[], { events: number; at: number | null }>;
  readonly #recent: Statement<[number, number], number>;
  readonly #sinceHour: Statement<[number, number], number>;
  readonly #oldest: Statement<[], number | null>;
  readonly #newest: Statement<[], number | null>;

  constructor(db: Database) {
    this.#db = db;
    this.#byName = db.prepare('SELECT text, events FROM name WHERE kind = ? AND events > 0 ORDER BY events DESC, text');
    this.#patterns = db.prepare<[], number>('SELECT count(*) FROM patterns').pluck();
    this.#lastId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#fact = db.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
    this.#forgotten = db.prepare('SELECT coalesce(sum(events), 0) AS events, max(began) AS at FROM forgetting');
    this.#recent = db
      .prepare<[number, number], number>('SELECT count(*) FROM event WHERE timestamp > ? AND timestamp <= ?')
      .pluck();
    this.#sinceHour = db
      .prepare<[number, number], number>(
        'SELECT coalesce(sum(recorded - removed), 0) FROM rollup WHERE hour BETWEEN ? AND ?',
      )
      .pluck();
    this.#oldest = db.prepare<[], number | null>('SELECT min(timestamp) FROM event').pluck();
    this.#newest = db.prepare<[], number | null>('SELECT max(timestamp) FROM event').pluck();
  }

  /** @param recentEvents of the last hour, where they were counted already */
  read(nowSeconds: number, recentEvents?: number): DatabaseStats {
    // One read transaction: the figures belong together.
    return this.#db.transaction(() => this.#read(nowSeconds, recentEvents))();
  }

  #read(nowSeconds: number, recentEvents: number | undefined): DatabaseStats {
    const byType = this.#byName.all('type');
    const bySource = this.#byName.all('source');
    const hour = hourOf(nowSeconds);
    const forgotten = this.#forgotten.get() ?? { events: 0, at: null };
    const sizes = fileSizes(this.#db.name);
    const hours = 23 + (nowSeconds / SECONDS_PER_HOUR - hour);
    return {
      total_events: byType.reduce((sum, { events }) => sum + events, 0),
      last_id: this.#lastId.get() ?? 0,
      total_patterns: this.#patterns.get() ?? 0,
      retention_removed: this.#fact.get('retention_removed') ?? 0,
      retention_removed_at: this.#fact.get('retention_removed_at') ?? null,
      forgotten: forgotten.events,
      forgotten_at: forgotten.at,
      database_size_mb: (sizes.database + sizes.wal) / BYTES_PER_MIB,
      index_bytes: sizes.index,
      recent_events_1h: recentEvents ?? this.#recent.get(nowSeconds - SECONDS_PER_HOUR, nowSeconds) ?? 0,
      events_per_hour: (this.#sinceHour.get(hour - 23, hour) ?? 0) / hours,
      by_type: Object.fromEntries(byType.map(({ text, events }) => [text, events])),
      by_source: Object.fromEntries(bySource.map(({ text, events }) => [text, events])),
      oldest_timestamp: this.#oldest.get() ?? null,
      newest_timestamp: this.#newest.get() ?? null,
    };
  }
}
