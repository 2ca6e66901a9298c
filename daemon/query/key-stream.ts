import type { Database, Statement } from 'better-sqlite3';
import type { Order } from '../../shared/messages/query.ts';
import type { PagePosition } from './cursor.ts';
import type { Drive, FilterableRow, ResolvedFilter } from './event-filter.ts';
import { type NamePair, NamePairs } from './name-pairs.ts';

/** What is read of an event to judge it. */
export interface KeyRow extends FilterableRow {
  id: number;
  /** The payload as it is kept, when it was asked for and is small; null: read it by id. */
  data: string | Buffer | null;
}

/** Rows in page order. Fewer than asked for, even none, is only the end when it says so. */
interface Window {
  rows: KeyRow[];
  isLast: boolean;
}

/** Where a stream has its rows from. */
export interface Windows {
  /** Rows behind a position, about so many. */
  read(position: PagePosition | undefined, rows: number): Window;
}

/** Payloads up to this are read with their rows; a window of larger ones would take too much memory. */
const INLINE_BYTES = 4_096;
/** Rows a window by time looks at, however few are wanted. */
const LEAST_ROWS = 8;

const KEY_COLUMNS = 'id, timestamp, type_id, source_id, action_id, processed';
const COLUMNS = {
  /** Payloads are read by id. */
  keys: `${KEY_COLUMNS}, NULL AS data`,
  /** To be judged by conditions: most rows are not wanted, and those that are get parsed. */
  candidates: `${KEY_COLUMNS}, CASE WHEN octet_length(data) <= ${INLINE_BYTES} THEN data END AS data`,
  /** Most rows will become events. A payload that is a string is valid JSON. */
  events: `${KEY_COLUMNS}, CASE WHEN octet_length(data) <= ${INLINE_BYTES} AND (typeof(data) = 'blob' OR json_valid(data)) THEN data END AS data`,
} as const;
export type Columns = keyof typeof COLUMNS;
/** An index of the events, or the list of waiting ones. */
type Place = Drive['by'] | 'waiting';
type Range = Pick<ResolvedFilter, 'since' | 'until'>;

/**
 * Rows of index streams in page order, read in windows, so that no statement stays open between them. No window looks at
 * many more rows than it was asked for, whatever the filter.
 */
export class KeyStreams {
  readonly #statements: Statements;

  constructor(db: Database) {
    this.#statements = new Statements(db);
  }

  /** One stream for each type and source of the list of waiting events, up to an id of it. */
  openWaiting(
    pairs: readonly NamePair[],
    upToId: number,
    range: Range,
    order: Order,
    from: PagePosition | undefined,
    columns: Columns,
  ): KeyStream[] {
    return pairs.map(
      (pair) =>
        new KeyStream(new NameWindows(this.#statements, columns, range, order, 'waiting', [...pair, upToId]), from),
    );
  }

  /** One stream for each pair of the drive. */
  open(
    drive: Drive,
    range: Range,
    order: Order,
    from: PagePosition | undefined,
    columns: Columns = 'keys',
  ): KeyStream[] {
    if (drive.by === 'time') {
      return [new KeyStream(new TimeWindows(this.#statements, columns, range, order), from)];
    }
    return drive.pairs.map(
      (pair) => new KeyStream(new NameWindows(this.#statements, columns, range, order, 'name', pair), from),
    );
  }
}

export class KeyStream {
  readonly #windows: Windows;
  #position: PagePosition | undefined;
  #rows: KeyRow[] = [];
  #next = 0;
  #ended = false;

  constructor(windows: Windows, from: PagePosition | undefined) {
    this.#windows = windows;
    this.#position = from;
  }

  /** The next row without taking it. Reads about `rows` rows when none is at hand; undefined at the end. */
  peek(rows: number): KeyRow | undefined {
    if (this.#next === this.#rows.length && !this.#ended) {
      const window = this.#windows.read(this.#position, rows);
      this.#rows = window.rows;
      this.#next = 0;
      this.#ended = window.isLast;
      const last = window.rows.at(-1);
      if (last !== undefined) this.#position = { timestamp: last.timestamp, id: last.id };
    }
    return this.#rows[this.#next];
  }

  /** Whether `peek` would have to read. */
  get isDrained(): boolean {
    return this.#next === this.#rows.length && !this.#ended;
  }

  take(): void {
    this.#next += 1;
  }
}

/** Events of one type and source, or waiting ones of both: their index has the page order. */
class NameWindows implements Windows {
  readonly #instant: Statement<unknown[], KeyRow>;
  readonly #range: Statement<unknown[], KeyRow>;
  readonly #bounds: Range;
  readonly #order: Order;
  /** What comes before the timestamp in the index. */
  readonly #key: readonly number[];

  constructor(
    statements: Statements,
    columns: Columns,
    bounds: Range,
    order: Order,
    by: 'name' | 'waiting',
    key: readonly number[],
  ) {
    this.#instant = statements.get(by, columns, order, 'instant');
    this.#range = statements.get(by, columns, order, 'range');
    this.#bounds = bounds;
    this.#order = order;
    this.#key = key;
  }

  read(position: PagePosition | undefined, rows: number): Window {
    const { since, until } = this.#bounds;
    if (position === undefined) return this.#behind([], since, until, rows);
    const { timestamp } = position;
    // The rest of the instant the last window ended in; equality lets the index go on by id.
    const rest = this.#instant.all(...this.#key, timestamp, position.id, rows);
    return this.#order === 'asc'
      ? this.#behind(rest, Math.max(since, nextUp(timestamp)), until, rows)
      : this.#behind(rest, since, Math.min(until, timestamp), rows);
  }

  #behind(rest: KeyRow[], low: number, high: number, rows: number): Window {
    if (rest.length === rows) return { rows: rest, isLast: false };
    const range = this.#range.all(...this.#key, low, high, rows - rest.length);
    const found = rest.length === 0 ? range : [...rest, ...range];
    return { rows: found, isLast: found.length < rows };
  }
}

/**
 * All events by time. Their index has the hash behind the timestamp, not the id: the rows of one instant are sorted here,
 * when the window holds all of them. More events than that in one instant are read from the index by name, which has them
 * by id.
 */
class TimeWindows implements Windows {
  readonly #statements: Statements;
  readonly #columns: Columns;
  readonly #range: Statement<unknown[], KeyRow>;
  readonly #bounds: Range;
  readonly #order: Order;

  constructor(statements: Statements, columns: Columns, bounds: Range, order: Order) {
    this.#statements = statements;
    this.#columns = columns;
    this.#range = statements.get('time', columns, order, 'range');
    this.#bounds = bounds;
    this.#order = order;
  }

  read(position: PagePosition | undefined, rows: number): Window {
    const isUp = this.#order === 'asc';
    let { since: low, until: high } = this.#bounds;
    const goOnAt = (timestamp: number) => {
      if (isUp) low = Math.max(low, timestamp);
      else high = Math.min(high, nextUp(timestamp));
    };
    if (position !== undefined) goOnAt(position.timestamp);
    const count = Math.max(rows, LEAST_ROWS);
    for (;;) {
      const found = this.#range.all(low, high, count + 1);
      const last = found.at(-1);
      const isLast = last === undefined || found.length <= count;
      if (isLast) return { rows: inPageOrder(found, position, isUp), isLast };
      // More events of the last instant may follow.
      const complete = found.findIndex(({ timestamp }) => timestamp === last.timestamp);
      if (complete > 0) {
        const behind = inPageOrder(found.slice(0, complete), position, isUp);
        if (behind.length > 0) return { rows: behind, isLast };
        goOnAt(last.timestamp);
        continue;
      }
      const rest = this.#instant(last.timestamp, position, rows);
      if (rest.length > 0) return { rows: rest, isLast };
      if (isUp) low = nextUp(last.timestamp);
      else high = last.timestamp;
    }
  }

  /** The next rows of a crowded instant, from one stream for each pair of names. */
  #instant(timestamp: number, position: PagePosition | undefined, rows: number): KeyRow[] {
    const isUp = this.#order === 'asc';
    const from = position?.timestamp === timestamp ? position.id : isUp ? -1 : Number.MAX_SAFE_INTEGER;
    const statement = this.#statements.get('name', this.#columns, this.#order, 'instant');
    const pairs = [...this.#statements.pairs.all()];
    // Twice what is wanted in all, because what lies behind the last row of any of them is left for the next window.
    const share = Math.min(Math.max(Math.ceil((2 * rows) / pairs.length), LEAST_ROWS), rows);
    const found: KeyRow[] = [];
    // Where it is known that no stream has more.
    let end = isUp ? Number.MAX_SAFE_INTEGER : -1;
    for (const pair of pairs) {
      const more = statement.all(...pair, timestamp, from, share);
      found.push(...more);
      const last = more[share - 1]?.id ?? end;
      end = isUp ? Math.min(end, last) : Math.max(end, last);
    }
    return inPageOrder(found, undefined, isUp).filter(({ id }) => (isUp ? id <= end : id >= end));
  }
}

/** Sorts rows, and leaves those behind a position. */
export function inPageOrder(rows: KeyRow[], position: PagePosition | undefined, isUp: boolean): KeyRow[] {
  const sign = isUp ? 1 : -1;
  rows.sort((a, b) => sign * (a.timestamp - b.timestamp || a.id - b.id));
  if (position === undefined) return rows;
  const first = rows.findIndex(({ timestamp, id }) => sign * (timestamp - position.timestamp || id - position.id) > 0);
  return first === 0 ? rows : first < 0 ? [] : rows.slice(first);
}

/** The smallest float64 above a finite, non-negative one. */
function nextUp(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}

/** The statements of all windows, each prepared when it is needed first. */
class Statements {
  readonly pairs: NamePairs;
  readonly #db: Database;
  readonly #prepared = new Map<string, Statement<unknown[], KeyRow>>();

  constructor(db: Database) {
    this.#db = db;
    this.pairs = new NamePairs(db);
  }

  get(by: Place, columns: Columns, order: Order, part: 'instant' | 'range'): Statement<unknown[], KeyRow> {
    const key = `${by} ${columns} ${order} ${part}`;
    let statement = this.#prepared.get(key);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], KeyRow>(select(by, columns, order, part));
      this.#prepared.set(key, statement);
    }
    return statement;
  }
}

/** INDEXED BY, and CROSS JOIN, keep the planner to what gives the page order, whatever its statistics say. */
const PLACES = {
  name: { from: 'event INDEXED BY event_by_name', key: 'type_id = ? AND source_id = ? AND ' },
  time: { from: 'event INDEXED BY event_identity', key: '' },
  waiting: {
    from: 'waiting CROSS JOIN event USING (type_id, source_id, timestamp, id)',
    key: 'type_id = ? AND source_id = ? AND id <= ? AND ',
  },
} as const satisfies Record<Place, object>;

function select(by: Place, columns: Columns, order: Order, part: 'instant' | 'range'): string {
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  const { from, key } = PLACES[by];
  const instant = `timestamp = ? AND id ${order === 'asc' ? '>' : '<'} ?`;
  const condition = part === 'instant' ? instant : 'timestamp >= ? AND timestamp < ?';
  const sorting = by === 'time' ? `timestamp ${direction}` : `timestamp ${direction}, id ${direction}`;
  return `SELECT ${COLUMNS[columns]} FROM ${from} WHERE ${key}${condition} ORDER BY ${sorting} LIMIT ?`;
}
