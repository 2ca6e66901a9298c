import type { Database, Statement } from 'better-sqlite3';
import type { NamedCursor } from '../../shared/messages/cursors.ts';

/** The named cursors, by name. */
export class CursorList {
  readonly #all: Statement<[], Omit<NamedCursor, 'inUse'>>;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT name, event_id AS id, updated FROM cursor ORDER BY name');
  }

  read(): Omit<NamedCursor, 'inUse'>[] {
    return this.#all.all();
  }
}
