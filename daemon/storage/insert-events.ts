import type { Database, Statement } from 'better-sqlite3';

/** A row of `event` without its id. */
export interface EventRow {
  timestamp: number;
  /** 16 bytes. */
  hash: Buffer;
  typeId: number;
  sourceId: number;
  actionId: number | null;
  /** JSON text, or a gzip of it. */
  data: string | Buffer;
}

const COLUMNS = 7;
/** Rows in one INSERT, largest first. Few sizes keep few statements prepared. */
const ROWS_PER_STATEMENT = [128, 32, 8, 1] as const;

const ON_DUPLICATE = 'ON CONFLICT (timestamp, hash) DO NOTHING';

/**
 * Inserts rows with consecutive ids. SQLite gives the one after the highest in the table, which is faster than being told
 * where to put each row; only where that one is not known to be right is the id given. A row that is there already (same timestamp and hash) takes no id. Only that one
 * conflict is passed over; every other constraint fails the statement.
 */
export class InsertEvents {
  readonly #statements: readonly { rows: number; insert: Statement }[];
  readonly #single: Statement;
  /** The highest id in the table; -1 when it is not known. */
  #highestId = -1;
  readonly #undo: Statement<[number]>;
  readonly #parameters: unknown[][];

  constructor(db: Database) {
    const statement = (rows: number) =>
      db.prepare(
        'INSERT INTO event (timestamp, hash, type_id, source_id, action_id, arrived, data) VALUES ' +
          `${Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?)').join(', ')} ${ON_DUPLICATE}`,
      );
    this.#statements = ROWS_PER_STATEMENT.map((rows) => ({ rows, insert: statement(rows) }));
    this.#parameters = ROWS_PER_STATEMENT.map((rows) => Array.from<unknown>({ length: rows * COLUMNS }));
    this.#single = db.prepare(
      'INSERT INTO event (timestamp, hash, type_id, source_id, action_id, arrived, data, id) ' +
        `VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${ON_DUPLICATE}`,
    );
    this.#undo = db.prepare('DELETE FROM event WHERE id >= ?');
  }

  /**
   * Inserts `rows`, the first new one as `firstId`. Returns how many were stored; `onStored` is called for each of them,
   * in order.
   */
  run(rows: readonly EventRow[], firstId: number, arrivedSeconds: number, onStored: (row: EventRow) => void): number {
    let stored = 0;
    let from = 0;
    while (this.#highestId !== firstId + stored - 1 && from < rows.length) {
      stored += this.#runSingly(rows.slice(from, from + 1), firstId + stored, arrivedSeconds, onStored);
      from += 1;
    }
    for (let size = 0; size < this.#statements.length; size += 1) {
      const { rows: count, insert } = this.#statements[size] as { rows: number; insert: Statement };
      const parameters = this.#parameters[size] as unknown[];
      while (rows.length - from >= count) {
        const id = firstId + stored;
        for (let row = 0; row < count; row += 1) {
          bind(parameters, row * COLUMNS, rows[from + row] as EventRow, arrivedSeconds);
        }
        const { changes, lastInsertRowid } = insert.run(parameters);
        const chunk = count === rows.length && from === 0 ? rows : rows.slice(from, from + count);
        if (changes === count) {
          if (lastInsertRowid !== id + count - 1) throw new Error(`an event got the id ${lastInsertRowid}`);
          this.#highestId = id + count - 1;
          for (const row of chunk) onStored(row);
          stored += count;
        } else if (changes > 0) {
          // Some were duplicates and left holes in the ids: take the chunk back and go row by row.
          this.#undo.run(id);
          this.#highestId = id - 1;
          stored += this.#runSingly(chunk, id, arrivedSeconds, onStored);
        }
        from += count;
      }
    }
    return stored;
  }

  /** To be told when rows are taken out of the table, or a transaction is rolled back. */
  noteRemoved(): void {
    this.#highestId = -1;
  }

  #runSingly(
    rows: readonly EventRow[],
    firstId: number,
    arrivedSeconds: number,
    onStored: (row: EventRow) => void,
  ): number {
    const parameters: unknown[] = Array.from({ length: COLUMNS + 1 });
    let stored = 0;
    for (const row of rows) {
      bind(parameters, 0, row, arrivedSeconds);
      parameters[COLUMNS] = firstId + stored;
      if (this.#single.run(parameters).changes === 1) {
        this.#highestId = firstId + stored;
        stored += 1;
        onStored(row);
      }
    }
    return stored;
  }
}

function bind(parameters: unknown[], at: number, row: EventRow, arrivedSeconds: number): void {
  parameters[at] = row.timestamp;
  parameters[at + 1] = row.hash;
  parameters[at + 2] = row.typeId;
  parameters[at + 3] = row.sourceId;
  parameters[at + 4] = row.actionId;
  parameters[at + 5] = arrivedSeconds;
  parameters[at + 6] = row.data;
}
