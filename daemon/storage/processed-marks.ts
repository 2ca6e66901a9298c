import type { Database, Statement } from 'better-sqlite3';

/** Notes what consumers are done with. Use it inside a transaction. */
export class ProcessedMarks {
  readonly #set: Statement<[number, number, number]>;
  readonly #beginWaitingList: Statement<[]>;
  #isUsed = false;

  constructor(db: Database) {
    this.#set = db.prepare('UPDATE event SET processed = ? WHERE id = ? AND processed <> ?');
    this.#beginWaitingList = db.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('waiting_up_to', 0)");
  }

  /** Whether any mark has been changed here. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Returns how many marks have changed. Ids of events that are not stored are passed over. */
  set(ids: readonly number[], isProcessed: boolean): number {
    const mark = isProcessed ? 1 : 0;
    const changes = ids.reduce((sum, id) => sum + this.#set.run(mark, id, mark).changes, 0);
    if (changes > 0) {
      this.#beginWaitingList.run();
      this.#isUsed = true;
    }
    return changes;
  }
}
