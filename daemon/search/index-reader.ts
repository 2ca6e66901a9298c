import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { statSync } from 'node:fs';
import { storageFailure } from '../storage/storage-failure.ts';
import { type Part, ZONE_IDS, zoneOf } from './index-parts.ts';

/** What the index says about ids of one part that are below a bound. */
export interface IndexWindow {
  /** Everything above was not indexed when this was read; -1: nothing is. */
  indexedTo: number;
  /** Ids that the index gives, the highest first. Empty while ids above `indexedTo` are still to be looked at. */
  ids: number[];
}

/** The reader's view of the index. Whatever is wrong with the index, it is as if nothing were indexed. */
export class IndexReader {
  readonly #path: string;
  #db: Database | undefined;
  #identity = '';
  #mark: Statement<[number], number> | undefined;
  #zones: Statement<[number, number, number, number], { low: number | null; high: number | null }> | undefined;
  readonly #windows = new Map<number, Statement<[string, number, number, number], number>>();
  #isDamaged = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param below ids up to, not including, this one
   * @param since seconds, inclusive
   * @param until seconds, exclusive
   */
  window(
    part: Part,
    below: number,
    expression: string,
    { since, until }: { since: number; until: number },
    limit: number,
  ): IndexWindow {
    try {
      const db = this.#open();
      if (db === undefined) return NOTHING;
      // One state of the index: the mark is that of the rows.
      return db.transaction(() => this.#read(db, part, below, expression, since, until, limit))();
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError)) throw error;
      this.#isDamaged ||= storageFailure(error) === 'damaged';
      this.close();
      return NOTHING;
    }
  }

  /** Whether bytes were read, since this was asked last, that cannot have been written. */
  tookDamage(): boolean {
    const isDamaged = this.#isDamaged;
    this.#isDamaged = false;
    return isDamaged;
  }

  close(): void {
    this.#windows.clear();
    this.#mark = undefined;
    this.#zones = undefined;
    this.#db?.close();
    this.#db = undefined;
  }

  #read(
    db: Database,
    part: Part,
    below: number,
    expression: string,
    since: number,
    until: number,
    limit: number,
  ): IndexWindow {
    const indexedTo = this.#mark?.get(part.number) ?? -1;
    if (indexedTo < below - 1) return { indexedTo, ids: [] };
    let low = part.from;
    let high = below - 1;
    if (since > Number.NEGATIVE_INFINITY || until < Number.POSITIVE_INFINITY) {
      const zones = this.#zones?.get(zoneOf(part.from), zoneOf(part.to), since, until);
      if (zones === undefined || zones.low === null || zones.high === null) return { indexedTo, ids: [] };
      low = Math.max(low, zones.low);
      high = Math.min(high, zones.high);
    }
    let window = this.#windows.get(part.number);
    if (window === undefined) {
      const table = `words_${part.number}`;
      window = db
        .prepare<[string, number, number, number], number>(
          `SELECT rowid FROM ${table} WHERE ${table} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?`,
        )
        .pluck();
      this.#windows.set(part.number, window);
    }
    return { indexedTo, ids: window.all(expression, low, high, limit) };
  }

  /** The file at the path: another one takes its place when it is made anew. */
  #open(): Database | undefined {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const identity = stat === undefined ? '' : `${stat.dev}:${stat.ino}`;
    if (identity === this.#identity && this.#db !== undefined) return this.#db;
    this.close();
    if (stat === undefined) return undefined;
    const db = new Sqlite(this.#path, { readonly: true, fileMustExist: true });
    this.#db = db;
    this.#identity = identity;
    db.pragma('busy_timeout = 100');
    db.pragma('cache_size = -4096');
    db.pragma('mmap_size = 268435456');
    this.#mark = db.prepare<[number], number>('SELECT indexed_to FROM part WHERE number = ?').pluck();
    this.#zones = db.prepare(
      `SELECT min(number) * ${ZONE_IDS} + 1 AS low, (max(number) + 1) * ${ZONE_IDS} AS high FROM zone
       WHERE number BETWEEN ? AND ? AND until >= ? AND since < ?`,
    );
    return db;
  }
}

const NOTHING: IndexWindow = { indexedTo: -1, ids: [] };
