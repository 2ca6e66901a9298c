import type { Database, Statement } from 'better-sqlite3';
import type { CountedRow } from './count-groups.ts';

/** A group of rows that SQLite has summed up. Columns that were not asked for are 0. */
export interface GroupedRow extends CountedRow {
  processed: number;
  events: number;
}

export const groupColumns = ['hour', 'type_id', 'source_id', 'action_id', 'processed'] as const;
export type GroupColumn = (typeof groupColumns)[number];

/** Where rows are, as the key of the index they are walked by. */
export type RowKey = (number | Buffer)[];

/** Rows that one window sums up. */
const WINDOW_ROWS = 4_000;

interface Table {
  from: string;
  key: readonly string[];
  /** Each column as the table has it. */
  columns: { readonly [column in GroupColumn]: string };
  events: string;
}

const eventRows: Table = {
  from: 'event INDEXED BY event_identity',
  key: ['timestamp', 'identity'],
  columns: {
    hour: 'CAST(timestamp / 3600 AS INTEGER)',
    type_id: 'type_id',
    source_id: 'source_id',
    action_id: 'action_id',
    processed: 'processed',
  },
  events: 'count(*)',
};

const hourRows: Table = {
  from: 'rollup',
  key: ['hour', 'type_id', 'source_id', 'action_id'],
  columns: { hour: 'hour', type_id: 'type_id', source_id: 'source_id', action_id: 'action_id', processed: '0' },
  events: 'sum(recorded - removed)',
};

/** Sums rows of a table up in windows, each between two keys, so that no statement is ever long. */
export class GroupedRows {
  readonly #db: Database;
  readonly #table: Table;
  readonly #boundary: Statement<unknown[], RowKey>;
  readonly #groups = new Map<string, Statement<unknown[], GroupedRow>>();

  private constructor(db: Database, table: Table) {
    this.#db = db;
    this.#table = table;
    const key = table.key.join(', ');
    this.#boundary = db
      .prepare<unknown[], RowKey>(
        `SELECT ${key} FROM ${table.from} WHERE ${between(table.key)}
         ORDER BY ${key} LIMIT 1 OFFSET ${WINDOW_ROWS - 1}`,
      )
      .raw();
  }

  /** Events by (timestamp, identity). */
  static ofEvents(db: Database): GroupedRows {
    return new GroupedRows(db, eventRows);
  }

  /** Kept counts by (hour, type, source, action). */
  static ofHours(db: Database): GroupedRows {
    return new GroupedRows(db, hourRows);
  }

  /** The first window behind a key: its groups, and the key to go on from, undefined when it reaches the last one. */
  read(by: readonly GroupColumn[], after: RowKey, last: RowKey): { rows: GroupedRow[]; next: RowKey | undefined } {
    const next = this.#boundary.get(...after, ...last);
    return { rows: this.#statement(by).all(...after, ...(next ?? last)), next };
  }

  #statement(by: readonly GroupColumn[]): Statement<unknown[], GroupedRow> {
    const shape = by.join(' ');
    let statement = this.#groups.get(shape);
    if (statement === undefined) {
      const { from, key, columns, events } = this.#table;
      const selected = groupColumns.map((column) => `${by.includes(column) ? columns[column] : '0'} AS ${column}`);
      statement = this.#db.prepare<unknown[], GroupedRow>(
        `SELECT ${selected.join(', ')}, coalesce(${events}, 0) AS events FROM ${from} WHERE ${between(key)}
         ${by.length === 0 ? '' : `GROUP BY ${by.map((column) => columns[column]).join(', ')}`}`,
      );
      this.#groups.set(shape, statement);
    }
    return statement;
  }
}

/** Behind the first key, up to the second. */
function between(key: readonly string[]): string {
  const columns = `(${key.join(', ')})`;
  const values = `(${key.map(() => '?').join(', ')})`;
  return `${columns} > ${values} AND ${columns} <= ${values}`;
}
