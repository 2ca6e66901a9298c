import type { Database, Statement } from 'better-sqlite3';

/** Notes what consumers are done with. Use it inside a transaction. */
export class ProcessedMarks {
  readonly #set: Statement<[number, number, number]>;

  constructor(db: Database) {
    this.#set = db.prepare('UPDATE event SET processed = ? WHERE id = ? AND processed <> ?');
  }

  /** Returns how many marks have changed. Ids of events that are not stored are passed over. */
  set(ids: readonly number[], isProcessed: boolean): number {
    const mark = isProcessed ? 1 : 0;
    return ids.reduce((changes, id) => changes + this.#set.run(mark, id, mark).changes, 0);
  }
}
