import type { Database, Statement } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

/** How far named consumers have come. Use it inside a transaction. */
export class CursorStore {
  readonly #find: Statement<[string], number>;
  readonly #count: Statement<[], number>;
  readonly #oldest: Statement<[], number | null>;
  readonly #add: Statement<[string, number, number]>;
  readonly #move: Statement<[number, number, string, number]>;
  readonly #delete: Statement<[string]>;

  constructor(db: Database) {
    this.#find = db.prepare<[string], number>('SELECT event_id FROM cursor WHERE name = ?').pluck();
    this.#count = db.prepare<[], number>('SELECT count(*) FROM cursor').pluck();
    this.#oldest = db.prepare<[], number | null>('SELECT min(id) FROM event').pluck();
    this.#add = db.prepare('INSERT INTO cursor (name, event_id, updated) VALUES (?, ?, ?)');
    this.#move = db.prepare('UPDATE cursor SET event_id = ?, updated = ? WHERE name = ? AND event_id < ?');
    this.#delete = db.prepare('DELETE FROM cursor WHERE name = ?');
  }

  /**
   * Where the consumer of this name goes on: behind what it has acknowledged, or behind `afterId` if that is further on.
   * A new one begins there, or before the oldest event that is stored.
   * @param newestId the highest id that was given
   * @throws DaybookError too_many_cursors, invalid_cursor
   */
  open(name: string, afterId: number | undefined, newestId: number, nowSeconds: number): number {
    if (afterId !== undefined && afterId > newestId) throw isAhead();
    const acknowledged = this.#find.get(name);
    if (acknowledged !== undefined) return Math.max(acknowledged, afterId ?? 0);
    if ((this.#count.get() ?? 0) >= limits.cursors) {
      throw new DaybookError('too_many_cursors', `there are ${limits.cursors} cursors; delete one that is not used`);
    }
    const start = afterId ?? (this.#oldest.get() ?? newestId + 1) - 1;
    this.#add.run(name, start, nowSeconds);
    return start;
  }

  /**
   * Everything up to `id` is done with. A cursor never goes back.
   * @throws DaybookError unknown_cursor, invalid_cursor
   */
  acknowledge(name: string, id: number, newestId: number, nowSeconds: number): void {
    if (id > newestId) throw isAhead();
    if (this.#move.run(id, nowSeconds, name, id).changes > 0 || this.#find.get(name) !== undefined) return;
    throw new DaybookError('unknown_cursor', `there is no cursor ${JSON.stringify(name)}`);
  }

  /** False when there was none. */
  delete(name: string): boolean {
    return this.#delete.run(name).changes > 0;
  }
}

function isAhead(): DaybookError {
  return new DaybookError('invalid_cursor', 'the position is ahead of the database');
}
