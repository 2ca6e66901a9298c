import type { Database, Statement } from 'better-sqlite3';
import type { Order } from '../../shared/messages/query.ts';
import type { PagePosition } from './cursor.ts';
import type { Drive, FilterableRow, ResolvedFilter } from './event-filter.ts';

/** What is read of a row before its payload is. */
export interface KeyRow extends FilterableRow {
  id: number;
}

const KEY_COLUMNS = 'id, timestamp, type_id, source_id, action_id';

/**
 * Rows of one index stream in page order, read in windows, so that no statement stays open between them. A window never
 * sorts more than the events of one instant.
 */
export class KeyStreams {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement<unknown[], KeyRow>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** One stream for each name of the drive. */
  open(drive: Drive, filter: ResolvedFilter, order: Order, from: PagePosition | undefined, maxId: number): KeyStream[] {
    const ids = drive.by === 'time' ? [undefined] : drive.ids;
    return ids.map((id) => {
      const read = (position: PagePosition | undefined, rows: number) =>
        this.#window(drive.by, id, filter, order, position, maxId, rows);
      return new KeyStream(read, from);
    });
  }

  #window(
    by: Drive['by'],
    nameId: number | undefined,
    filter: ResolvedFilter,
    order: Order,
    position: PagePosition | undefined,
    maxId: number,
    rows: number,
  ): KeyRow[] {
    const name = nameId === undefined ? [] : [nameId];
    const found: KeyRow[] = [];
    if (position !== undefined) {
      // The rest of the instant the last window ended in; equality lets the index go on by id.
      found.push(...this.#statement(by, order, 'instant').all(...name, position.timestamp, position.id, maxId, rows));
    }
    if (found.length < rows) {
      const [low, high] =
        order === 'asc'
          ? [position === undefined ? filter.since : Math.max(filter.since, nextUp(position.timestamp)), filter.until]
          : [filter.since, position === undefined ? filter.until : Math.min(filter.until, position.timestamp)];
      found.push(...this.#statement(by, order, 'range').all(...name, low, high, maxId, rows - found.length));
    }
    return found;
  }

  #statement(by: Drive['by'], order: Order, part: 'instant' | 'range'): Statement<unknown[], KeyRow> {
    const key = `${by} ${order} ${part}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], KeyRow>(statements[by][order][part]);
      this.#statements.set(key, statement);
    }
    return statement;
  }
}

export class KeyStream {
  readonly #read: (position: PagePosition | undefined, rows: number) => KeyRow[];
  #position: PagePosition | undefined;
  #window: KeyRow[] = [];
  #next = 0;
  #ended = false;

  constructor(read: (position: PagePosition | undefined, rows: number) => KeyRow[], from: PagePosition | undefined) {
    this.#read = read;
    this.#position = from;
  }

  /** The next row without taking it. Reads up to `rows` rows when none is at hand; undefined at the end. */
  peek(rows: number): KeyRow | undefined {
    if (this.#next === this.#window.length && !this.#ended) {
      this.#window = this.#read(this.#position, rows);
      this.#next = 0;
      const last = this.#window.at(-1);
      if (this.#window.length < rows) this.#ended = true;
      if (last !== undefined) this.#position = { timestamp: last.timestamp, id: last.id };
    }
    return this.#window[this.#next];
  }

  /** Whether `peek` would have to read. */
  get isDrained(): boolean {
    return this.#next === this.#window.length && !this.#ended;
  }

  take(): void {
    this.#next += 1;
  }
}

/** The smallest float64 above a finite, non-negative one. */
function nextUp(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}

type Direction = 'ASC' | 'DESC';

/**
 * INDEXED BY keeps the planner to the one index that gives the page order, whatever its statistics say. The unary plus
 * keeps the bound on ids from being taken for a reason to walk the table.
 */
const ofName = (index: string, column: string) => (condition: string, direction: Direction) =>
  `SELECT ${KEY_COLUMNS} FROM event INDEXED BY ${index} WHERE ${column} = ? AND ${condition} AND +id <= ?
   ORDER BY timestamp ${direction}, id ${direction} LIMIT ?`;

/** The index by time has the hash before the id, so the events of one instant are sorted: by the index alone, no rows. */
const ofTime = (condition: string, direction: Direction) =>
  `SELECT ${KEY_COLUMNS} FROM event WHERE id IN (
     SELECT id FROM event INDEXED BY event_identity WHERE ${condition} AND +id <= ?
     ORDER BY timestamp ${direction}, id ${direction} LIMIT ?)
   ORDER BY timestamp ${direction}, id ${direction}`;

const streamsOf = (select: (condition: string, direction: Direction) => string) => ({
  asc: {
    instant: select('timestamp = ? AND id > ?', 'ASC'),
    range: select('timestamp >= ? AND timestamp < ?', 'ASC'),
  },
  desc: {
    instant: select('timestamp = ? AND id < ?', 'DESC'),
    range: select('timestamp >= ? AND timestamp < ?', 'DESC'),
  },
});

const statements = {
  time: streamsOf(ofTime),
  type: streamsOf(ofName('event_by_type', 'type_id')),
  source: streamsOf(ofName('event_by_source', 'source_id')),
};
