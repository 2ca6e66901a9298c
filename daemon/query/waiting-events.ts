import type { Database, Statement } from 'better-sqlite3';
import type { Order } from '../../shared/messages/query.ts';
import type { PagePosition } from './cursor.ts';
import { matches, type ResolvedFilter } from './event-filter.ts';
import { type Columns, inPageOrder, type KeyRow, KeyStream, type KeyStreams, type Windows } from './key-stream.ts';
import { NamePairs } from './name-pairs.ts';

/** Ids behind the list of waiting events that are looked at one by one. */
const MOST_BEHIND = 10_000;

/**
 * Events that nobody has marked as processed, without walking those that are: from the list of them (table `waiting`), which
 * goes up to an id, and the events behind it.
 */
export class WaitingEvents {
  readonly #streams: KeyStreams;
  readonly #upTo: Statement<[], number>;
  readonly #pairs: NamePairs;
  readonly #behind: Statement<[number, number], KeyRow>;

  constructor(db: Database, streams: KeyStreams) {
    this.#streams = streams;
    this.#upTo = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'waiting_up_to'").pluck();
    this.#pairs = new NamePairs(db, 'waiting');
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
    const pairs = this.#pairs.matching(filter.types, filter.sources);
    if (pairs === undefined) return undefined;
    const behind = this.#behind.all(upTo, newestId).filter((row) => matches(filter, row));
    return [
      ...this.#streams.openWaiting(pairs, upTo, filter, order, from, columns),
      new KeyStream(new ReadRows(behind, order), from),
    ];
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
