import type { Database, Statement } from 'better-sqlite3';

/** What one transaction has forgotten. */
export interface Forgotten {
  events: number;
  patterns: number;
  names: number;
  /** Parts of the full-text index that know the events. */
  indexParts: readonly number[];
}

/** What is to be cleared of what was forgotten. */
export interface ForgottenTraces {
  /** Parts of the full-text index that may still know the events. */
  indexParts: number[];
  /** Events forgotten so far: when it is more by the time that all is cleared, there are traces of those. */
  events: number;
}

interface Row {
  id: number;
  index_parts: string;
  events: number;
}

/**
 * When something was forgotten, and how much. A row is open from the first deletion until its traces are cleared, so that
 * whoever comes after a crash knows that there are some.
 */
export class Forgettings {
  readonly #open: Statement<[], Row>;
  readonly #begin: Statement<[number]>;
  readonly #add: Statement<[number, number, number, string, number]>;
  readonly #end: Statement<[number, string, number]>;

  constructor(db: Database) {
    this.#open = db.prepare(
      'SELECT id, index_parts, events FROM forgetting WHERE ended IS NULL ORDER BY id DESC LIMIT 1',
    );
    this.#begin = db.prepare('INSERT INTO forgetting (began) VALUES (?)');
    this.#add = db.prepare(
      `UPDATE forgetting SET events = events + ?, patterns = patterns + ?, names = names + ?, index_parts = ?
       WHERE id = ?`,
    );
    this.#end = db.prepare('UPDATE forgetting SET ended = ? WHERE ended IS NULL AND index_parts = ? AND events = ?');
  }

  /** Undefined when there are no traces. */
  unfinished(): ForgottenTraces | undefined {
    const row = this.#open.get();
    return row && { indexParts: partsIn(row), events: row.events };
  }

  /** Call inside the transaction that deletes. */
  add({ events, patterns, names, indexParts }: Forgotten, nowSeconds: number): void {
    let row = this.#open.get();
    if (row === undefined) {
      this.#begin.run(nowSeconds);
      row = this.#open.get();
    }
    if (row === undefined) throw new Error('a row that was inserted is not there');
    const parts = new Set([...partsIn(row), ...indexParts]);
    const text = JSON.stringify([...parts].toSorted((a, b) => a - b));
    this.#add.run(events, patterns, names, text, row.id);
  }

  /** These traces are cleared. False when there are more by now. */
  end({ indexParts, events }: ForgottenTraces, nowSeconds: number): boolean {
    return this.#end.run(nowSeconds, JSON.stringify(indexParts), events).changes > 0;
  }
}

function partsIn(row: Row): number[] {
  return JSON.parse(row.index_parts) as number[];
}
