import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import { storageFailure } from '../storage/storage-failure.ts';

const indexes = ['event_by_name', 'event_identity'] as const;

/** Finds out which events lie where the table cannot be read. The indexes still know their ids. */
export class UnreadableEvents {
  readonly #next: Statement<[number], number>;
  readonly #newestId: Statement<[], number>;
  readonly #known: Statement<[number, number, number], number>[];

  constructor(db: Database) {
    this.#next = db.prepare<[number], number>('SELECT id FROM event WHERE id >= ? ORDER BY id LIMIT 1').pluck();
    this.#newestId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#known = indexes.map((index) =>
      db
        .prepare<[number, number, number], number>(
          `SELECT id FROM event INDEXED BY ${index} WHERE +id > ? AND +id < ? ORDER BY id LIMIT ?`,
        )
        .pluck(),
    );
  }

  /**
   * Ids of events behind `id` that cannot be read, no more than fit into a page, and the id from which to go on; null
   * when nothing comes after them.
   */
  after(id: number): { ids: number[]; end: number | null } {
    const newestId = this.#newestId.get() ?? 0;
    const next = this.#nextReadable(id, newestId);
    const ids = this.#knownBetween(id, next ?? newestId + 1);
    if (ids.length === limits.pageRows) return { ids, end: ids.at(-1) ?? id };
    return { ids, end: next === undefined ? null : next - 1 };
  }

  /** The first id behind `id` that can be read: far ahead in growing steps, then back. */
  #nextReadable(id: number, newestId: number): number | undefined {
    let unreadable = id;
    let step = 1;
    while (this.#probe(unreadable + step) === 'unreadable') {
      unreadable += step;
      step *= 2;
      if (unreadable > newestId) return undefined;
    }
    let readable = unreadable + step;
    while (readable - unreadable > 1) {
      const middle = Math.floor((readable + unreadable) / 2);
      if (this.#probe(middle) === 'unreadable') unreadable = middle;
      else readable = middle;
    }
    const next = this.#probe(readable);
    return next === 'unreadable' ? undefined : next;
  }

  /** The first id behind this one; undefined at the end. */
  #probe(id: number): number | undefined | 'unreadable' {
    try {
      return this.#next.get(id + 1);
    } catch (error) {
      if (storageFailure(error) !== 'damaged') throw error;
      return 'unreadable';
    }
  }

  #knownBetween(from: number, to: number): number[] {
    for (const known of this.#known) {
      try {
        return known.all(from, to, limits.pageRows);
      } catch (error) {
        if (storageFailure(error) !== 'damaged') throw error;
      }
    }
    // No index can be read either: then each of the ids may have its event there.
    const count = Math.min(to - from - 1, limits.pageRows);
    return Array.from({ length: count }, (_, index) => from + 1 + index);
  }
}
