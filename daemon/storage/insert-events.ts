import type { Database, Statement } from 'better-sqlite3';
import { hashBytes } from '../prepare/event-hash.ts';
import { type EventRow, hashOf, payloadOf } from './event-row.ts';

/** What fails costs the whole transaction, so SQLite need not keep what it takes to undo a statement. */
const INSERT = 'INSERT OR ROLLBACK';
const ON_DUPLICATE = 'ON CONFLICT (timestamp, identity) DO NOTHING';

/** Rows in one INSERT, largest first. Few sizes keep few statements prepared. */
const ROWS_PER_STATEMENT = [128, 32, 8] as const;
/** Bytes of rows in one INSERT; larger ones go row by row. */
const BYTES_PER_STATEMENT = 1024 * 1024;

/** What is bound of each row of many: see `placeOf`. */
const COLUMNS = 5;

/**
 * Hashes and payloads are cut out of one piece of memory inside SQLite: a number costs a fraction of what a buffer or a
 * text does on its way there.
 */
const severalRows = (rows: number) =>
  `${INSERT} INTO event (timestamp, type_id, source_id, action_id, hash, arrived, data)
   SELECT column1, column2, column3, column4, substr(@bytes, (column5 >> 25) + 1, ${hashBytes}), @arrived,
     CASE WHEN column5 & 1
       THEN CAST(substr(@bytes, (column5 >> 25) + ${hashBytes + 1}, (column5 >> 1) & 0xffffff) AS TEXT)
       ELSE substr(@bytes, (column5 >> 25) + ${hashBytes + 1}, (column5 >> 1) & 0xffffff)
     END
   FROM (VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?, ?)').join(', ')})
   WHERE true ${ON_DUPLICATE}`;

/** Where the row stands behind `from`, its length in 24 bits, and whether it is text in one, as `severalRows` reads it. */
function placeOf({ at, payloadBytes, isText }: EventRow, from: number): number {
  return (at - from) * 2 ** 25 + payloadBytes * 2 + (isText ? 1 : 0);
}

/**
 * Inserts rows with consecutive ids. SQLite gives the one after the highest in the table, which is faster than being told
 * where to put each row; only where that one is not known to be right, and for the last few rows, is the id given. A row
 * that is there already (same timestamp and identity) takes no id. Only that one conflict is passed over; every other
 * constraint fails.
 */
export class InsertEvents {
  readonly #statements: readonly { rows: number; insert: Statement; parameters: unknown[] }[];
  readonly #single: Statement<[number, Buffer, number, number, number | null, number, string | Buffer, number]>;
  /** The highest id in the table; -1 when it is not known. */
  #highestId = -1;
  readonly #undo: Statement<[number]>;

  constructor(db: Database) {
    this.#statements = ROWS_PER_STATEMENT.map((rows) => ({
      rows,
      insert: db.prepare(severalRows(rows)),
      parameters: Array.from<unknown>({ length: rows * COLUMNS }),
    }));
    this.#single = db.prepare(
      `${INSERT} INTO event (timestamp, hash, type_id, source_id, action_id, arrived, data, id) ` +
        `VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${ON_DUPLICATE}`,
    );
    this.#undo = db.prepare('DELETE FROM event WHERE id >= ?');
  }

  /**
   * Inserts rows, the first new one as `firstId`. Returns how many were stored; `onStored` is called for each of them, in
   * order.
   * When it throws, a part of them may be there: the transaction has to be rolled back, where SQLite has not done so.
   * @param rows as they stand one behind the other in one piece of memory
   */
  run(rows: readonly EventRow[], firstId: number, arrivedSeconds: number, onStored: (row: EventRow) => void): number {
    let stored = 0;
    let from = 0;
    while (this.#highestId !== firstId + stored - 1 && from < rows.length) {
      stored += this.#runSingly(rows.slice(from, from + 1), firstId + stored, arrivedSeconds, onStored);
      from += 1;
    }
    for (const { rows: count, insert, parameters } of this.#statements) {
      for (; rows.length - from >= count; from += count) {
        const id = firstId + stored;
        const chunk = count === rows.length ? rows : rows.slice(from, from + count);
        const bytes = bind(parameters, chunk);
        if (bytes.length > BYTES_PER_STATEMENT) {
          stored += this.#runSingly(chunk, id, arrivedSeconds, onStored);
          continue;
        }
        const { changes, lastInsertRowid } = insert.run(...parameters, { bytes, arrived: arrivedSeconds });
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
      }
    }
    return stored + this.#runSingly(rows.slice(from), firstId + stored, arrivedSeconds, onStored);
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
    let stored = 0;
    for (const row of rows) {
      const { timestamp, typeId, sourceId, actionId } = row;
      const id = firstId + stored;
      const hash = hashOf(row);
      const { changes } = this.#single.run(
        timestamp,
        hash,
        typeId,
        sourceId,
        actionId,
        arrivedSeconds,
        payloadOf(row),
        id,
      );
      if (changes === 0) continue;
      this.#highestId = id;
      stored += 1;
      onStored(row);
    }
    return stored;
  }
}

/** Sets the parameters of rows, and returns the memory that they are in. */
function bind(parameters: unknown[], rows: readonly EventRow[]): Buffer {
  const [{ bytes, at: from }] = rows as [EventRow];
  let end = from;
  let parameter = 0;
  for (const row of rows) {
    if (row.bytes !== bytes || row.at < end) throw new Error('the rows do not stand one behind the other');
    end = row.at + hashBytes + row.payloadBytes;
    parameters[parameter] = row.timestamp;
    parameters[parameter + 1] = row.typeId;
    parameters[parameter + 2] = row.sourceId;
    parameters[parameter + 3] = row.actionId;
    parameters[parameter + 4] = placeOf(row, from);
    parameter += COLUMNS;
  }
  return bytes.subarray(from, end);
}
