import type { Database, Statement } from 'better-sqlite3';

/** What begins the key of the index by name: one pair is one stream in the order of pages. */
export type NamePair = [typeId: number, sourceId: number];

/** Streams that one page is merged from: each costs some microseconds. */
const MOST_STREAMS = 1_024;

/** Which types and sources events have together, leaping from one pair to the next in their index. */
export class NamePairs {
  readonly #next: Statement<NamePair, NamePair>;

  /** @param from the events, or the list of waiting ones */
  constructor(db: Database, from: 'event INDEXED BY event_by_name' | 'waiting' = 'event INDEXED BY event_by_name') {
    this.#next = db
      .prepare<NamePair, NamePair>(
        `SELECT type_id, source_id FROM ${from} WHERE (type_id, source_id) > (?, ?)
         ORDER BY type_id, source_id LIMIT 1`,
      )
      .raw();
  }

  /** Those that match, in order; undefined when too many have to be looked at. An undefined set allows everything. */
  matching(
    types: ReadonlySet<number> | undefined,
    sources: ReadonlySet<number> | undefined,
    most = MOST_STREAMS,
  ): NamePair[] | undefined {
    const pairs: NamePair[] = [];
    let looks = 0;
    for (const pair of types === undefined ? this.all() : this.#ofTypes(types)) {
      looks += 1;
      if (looks > most) return undefined;
      if (sources?.has(pair[1]) !== false) pairs.push(pair);
    }
    return pairs;
  }

  *all(): Generator<NamePair, void, undefined> {
    for (let pair = this.#next.get(-1, -1); pair !== undefined; pair = this.#next.get(...pair)) yield pair;
  }

  *#ofTypes(types: ReadonlySet<number>): Generator<NamePair, void, undefined> {
    for (const type of types) {
      for (let pair = this.#next.get(type, -1); pair?.[0] === type; pair = this.#next.get(...pair)) yield pair;
    }
  }
}
