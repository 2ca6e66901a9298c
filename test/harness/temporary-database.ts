import type { Database } from 'better-sqlite3';
import { join } from 'node:path';
import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { type Appended, EventStore } from '../../daemon/storage/event-store.ts';
import { NameTable } from '../../daemon/storage/name-table.ts';
import { openWriter } from '../../daemon/storage/open-database.ts';
import { preparedRows } from './prepared.ts';
import { temporaryHome } from './temporary-home.ts';

/** A database file of its own with everything the writer thread holds on it, but in this thread. */
export class TemporaryDatabase {
  readonly directory: string;
  readonly path: string;
  db: Database;
  names: NameTable;
  store: EventStore;
  readonly #remove: () => void;

  constructor() {
    const home = temporaryHome();
    this.directory = home.path;
    this.#remove = home.remove;
    this.path = join(home.path, 'events.db');
    this.db = openWriter(this.path);
    this.names = new NameTable(this.db, limits.namesPerKind);
    this.store = new EventStore(this.db, this.names);
  }

  /** Closes the file and opens it again, as a restarted daemon would. */
  reopen(): void {
    this.db.close();
    this.db = openWriter(this.path);
    this.names = new NameTable(this.db, limits.namesPerKind);
    this.store = new EventStore(this.db, this.names);
  }

  /** Stores events in one transaction, through the code that the daemon stores them with. */
  append(events: readonly unknown[], arrivedSeconds = Math.floor(Date.now() / 1000)): Appended {
    // Tests delete rows without telling the store, which then gives ids that are not the next ones.
    this.store.rollback();
    const { rows, rejected } = preparedRows(encode({ events }), this.names, arrivedSeconds);
    if (rejected.length > 0) throw new Error(`rejected: ${JSON.stringify(rejected[0])}`);
    this.store.begin('normal');
    try {
      const appended = this.store.append(rows, arrivedSeconds);
      this.store.commit();
      return appended;
    } catch (error) {
      this.store.rollback();
      throw error;
    }
  }

  /** Everything in every table, for comparing two moments. */
  dump(): { [table: string]: unknown[] } {
    const tables = this.db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
    return Object.fromEntries(tables.map((table) => [table, this.db.prepare(`SELECT * FROM "${table}"`).all()]));
  }

  [Symbol.dispose](): void {
    this.db.close();
    this.#remove();
  }
}
