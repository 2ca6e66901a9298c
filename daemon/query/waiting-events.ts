import type { Database, Statement } from 'better-sqlite3';
import type { Order } from '../../shared/messages/query.ts';
import type { PagePosition } from './cursor.ts';
import { matches, type ResolvedFilter } from './event-filter.ts';
import { type Columns, inPageOrder, type KeyRow, KeyStream, type KeyStreams, type Windows } from './key-stream.ts';

/** Ids behind the list of waiting events that are looked at one by one. */
const MOST_BEHIND = 10_000;
/** Streams that one page is merged from. */
const MOST_STREAMS = 256;

type Pair = [typeId: number, sourceId: number];

/**
 * Events that nobody has marked as processed, without walking those that are: from the list of them (table `waiting`), which
 * goes up to an id, and the events behind it.
 */
export class WaitingEvents {
  readonly #streams: KeyStreams;
  readonly #upTo: Statement<[], number>;
  readonly #nextPair: Statement<Pair, Pair>;
  readonly #behind: Statement<[number, number], KeyRow>;

  constructor(db: Database, streams: KeyStreams) {
    this.#streams = streams;
    this.#upTo = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'waiting_up_to'").pluck();
    this.#nextPair = db
      .prepare<Pair, Pair>(
        `SELECT type_id, source_id FROM waiting WHERE (type_id, source_id) > (?, ?)
         ORDER BY type_id, source_id LIMIT 1`,
      )
      .raw();
    this.#behind = db.prepare(
      `SELECT id, timestamp, type_id, source_id, action_id, processed, NULL AS data
       FROM event WHERE id > ? AND id <= ? AND processed = 0`,
    );
  }

  /**
   * Streams of all of them that match; undefined when there is no such list, when it is far behind, or when it would be
   * merged from too many streams.
   */
  open(
    filter: ResolvedFilter,
    order: Order,
    from: PagePosition | undefined,
    newestId: number,
    columns: Columns,
  ): KeyStream[] | undefined {
    if (filter.processed !== 0) return undefined;
    const upTo = this.#upTo.get();
    if (upTo === undefined || newestId - upTo > MOST_BEHIND) return undefined;
    const pairs = this.#pairs(filter);
    if (pairs === undefined) return undefined;
    const behind = this.#behind.all(upTo, newestId).filter((row) => matches(filter, row));
    return [
      ...this.#streams.openWaiting(pairs, upTo, filter, order, from, columns),
      new KeyStream(new ReadRows(behind, order), from),
    ];
  }

  /** The types and sources in the list, leaping from one to the next. */
  #pairs({ types, sources }: ResolvedFilter): Pair[] | undefined {
    const pairs: Pair[] = [];
    let next = this.#nextPair.get(-1, -1);
    for (let leaps = 0; next !== undefined; leaps += 1) {
      if (leaps === MOST_STREAMS) return undefined;
      const [typeId, sourceId] = next;
      if (types?.has(typeId) !== false && sources?.has(sourceId) !== false) pairs.push(next);
      next = this.#nextPair.get(typeId, sourceId);
    }
    return pairs;
  }
}

/** Rows that are at hand. */
class ReadRows implements Windows {
  readonly #rows: KeyRow[];
  readonly #order: Order;

  constructor(rows: KeyRow[], order: Order) {
    this.#rows = rows;
    this.#order = order;
  }

  read(position: PagePosition | undefined): { rows: KeyRow[]; isLast: boolean } {
    return { rows: inPageOrder(this.#rows, position, this.#order === 'asc'), isLast: true };
  }
}
