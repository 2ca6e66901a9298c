import type { Database, Statement } from 'better-sqlite3';
import { PART_IDS, partNumbered, partOf } from '../search/index-parts.ts';

/** Fewer entries of the search index that lead nowhere are not worth making a part anew. */
const WORTH_EVENTS = 16_384;

/**
 * How many events retention has taken out of the middle of each part of the search index. A part loses its words when all
 * of its events are gone; where a rule keeps some of them for years, it is made anew when most lead nowhere.
 */
export class RemovedFromParts {
  readonly #add: Statement<[number, number]>;
  readonly #all: Statement<[], { part: number; events: number; before: number }>;
  readonly #thinned: Statement<[number]>;
  readonly #expire: Statement<[number]>;
  readonly #oldestId: Statement<[], number | null>;

  constructor(db: Database) {
    this.#add = db.prepare(
      `INSERT INTO removed_from_part (part, events) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET events = events + excluded.events`,
    );
    this.#all = db.prepare('SELECT part, events, before FROM removed_from_part');
    this.#thinned = db.prepare('UPDATE removed_from_part SET before = before + events, events = 0 WHERE part = ?');
    this.#expire = db.prepare('DELETE FROM removed_from_part WHERE part < ?');
    this.#oldestId = db.prepare<[], number | null>('SELECT min(id) FROM event').pluck();
  }

  /** Call in the transaction in which they are deleted. */
  add(ids: readonly number[]): void {
    const byPart = Map.groupBy(ids, (id) => partOf(id).number);
    for (const [part, { length }] of byPart) this.#add.run(part, length);
  }

  /** Parts of which less than half is left of what was in them when they were made. Forgets those that are gone whole. */
  sparse(lastId: number): number[] {
    const oldestId = this.#oldestId.get() ?? lastId + 1;
    this.#expire.run(partOf(oldestId).number);
    const sparse = this.#all.all().filter(({ part, events, before }) => {
      const entries = Math.min(lastId - partNumbered(part).from + 1, PART_IDS) - before;
      return events >= WORTH_EVENTS && events > entries / 2;
    });
    return sparse.map(({ part }) => part);
  }

  /** These were made anew. */
  thinned(parts: readonly number[]): void {
    for (const part of parts) this.#thinned.run(part);
  }
}
