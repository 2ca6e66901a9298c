import type { Database, Statement } from 'better-sqlite3';

/** What begins the key of the index by name: one pair is one stream in the order of pages. */
export type NamePair = [typeId: number, sourceId: number];

/** Streams that one page is merged from: each costs some microseconds. */
const MOST_STREAMS = 1_024;

/** Which types and sources events have together, leaping from one pair to the next in their index. */
export class NamePairs {
  readonly #nextOfType: Statement<NamePair, NamePair>;
  readonly #nextType: Statement<[number], NamePair>;

  /** @param from the events, or the list of waiting ones */
  constructor(db: Database, from: 'event INDEXED BY event_by_name' | 'waiting' = 'event INDEXED BY event_by_name') {
    // Not (type_id, source_id) > (?, ?): SQLite would begin at the events of that very pair, and walk over all of them.
    const next = (condition: string) =>
      `SELECT type_id, source_id FROM ${from} WHERE ${condition} ORDER BY type_id, source_id LIMIT 1`;
    this.#nextOfType = db.prepare<NamePair, NamePair>(next('type_id = ? AND source_id > ?')).raw();
    this.#nextType = db.prepare<[number], NamePair>(next('type_id > ?')).raw();
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
    for (let pair = this.#nextType.get(-1); pair !== undefined; pair = this.#nextType.get(pair[0])) {
      yield* this.#fromOn(pair);
    }
  }

  *#ofTypes(types: ReadonlySet<number>): Generator<NamePair, void, undefined> {
    for (const type of types) yield* this.#fromOn(this.#nextOfType.get(type, -1));
  }

  /** The pair and those of its type behind it. */
  *#fromOn(first: NamePair | undefined): Generator<NamePair, void, undefined> {
    for (let pair = first; pair !== undefined; pair = this.#nextOfType.get(...pair)) yield pair;
  }
}
