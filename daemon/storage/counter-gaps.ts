import type { Database, Statement } from 'better-sqlite3';

/** Where and when events lie, seconds. */
export interface Span {
  sourceId: number | null;
  since: number;
  until: number;
}

/** Numbers of events, both ends inclusive. */
export interface Range {
  from: number;
  to: number;
}

interface CounterGapRow {
  id: number;
  from_counter: number;
  to_counter: number;
}

/** The numbers that are missing from what producers have sent, as rows of `gap`. */
export class CounterGaps {
  readonly #reaching: Statement<[number, number], CounterGapRow>;
  readonly #delete: Statement<[number]>;
  readonly #cut: Statement<[number, number, number, number]>;
  readonly #copy: Statement<[number, number, number, number]>;
  readonly #extend: Statement<[number, number, number, number, number, number | null, string, number]>;
  readonly #insert: Statement<[number, number, number, string, number | null, number, number, number, string, number]>;

  constructor(db: Database) {
    this.#reaching = db.prepare(
      `SELECT id, from_counter, to_counter FROM gap
       WHERE producer_id = ? AND to_counter >= ? ORDER BY to_counter LIMIT 1`,
    );
    this.#delete = db.prepare('DELETE FROM gap WHERE id = ?');
    this.#cut = db.prepare('UPDATE gap SET from_counter = ?, to_counter = ?, events = ? WHERE id = ?');
    this.#copy = db.prepare(
      `INSERT INTO gap (producer_id, from_counter, to_counter, producer, source_id, events, since, until, reason, noticed)
       SELECT producer_id, ?, ?, producer, source_id, ?, since, until, reason, noticed FROM gap WHERE id = ?`,
    );
    this.#extend = db.prepare(
      `UPDATE gap SET to_counter = ?, events = events + ?, since = min(since, ?), until = max(until, ?)
       WHERE producer_id = ? AND source_id IS ? AND reason = ? AND to_counter = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO gap (producer_id, from_counter, to_counter, producer, source_id, events, since, until, reason, noticed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  has(producerId: number, counter: number): boolean {
    const row = this.#reaching.get(producerId, counter);
    return row !== undefined && row.from_counter <= counter;
  }

  add(producer: { id: number; name: string }, range: Range, span: Span, reason: string, nowSeconds: number): void {
    const { from, to } = range;
    const { sourceId, since, until } = span;
    const events = to - from + 1;
    // What follows on a gap of the same kind makes it longer.
    if (this.#extend.run(to, events, since, until, producer.id, sourceId, reason, from - 1).changes > 0) return;
    this.#insert.run(producer.id, from, to, producer.name, sourceId, events, since, until, reason, nowSeconds);
  }

  /** These numbers are missing no longer. Returns those that were. */
  take(producerId: number, from: number, to: number): Range[] {
    const taken: Range[] = [];
    for (let next = from; next <= to; ) {
      const row = this.#reaching.get(producerId, next);
      if (row === undefined || row.from_counter > to) break;
      this.#takeFrom(row, from, to);
      taken.push({ from: Math.max(from, row.from_counter), to: Math.min(to, row.to_counter) });
      next = row.to_counter + 1;
    }
    return taken;
  }

  #takeFrom(row: CounterGapRow, from: number, to: number): void {
    const rest = [
      { from: row.from_counter, to: from - 1 },
      { from: to + 1, to: row.to_counter },
    ].filter((range) => range.from <= range.to);
    const [first, second] = rest;
    if (second !== undefined) this.#copy.run(second.from, second.to, second.to - second.from + 1, row.id);
    if (first === undefined) this.#delete.run(row.id);
    else this.#cut.run(first.from, first.to, first.to - first.from + 1, row.id);
  }
}
