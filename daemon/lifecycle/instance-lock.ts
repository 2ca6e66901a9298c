import Sqlite, { type Database } from 'better-sqlite3';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';

/**
 * Ownership of a path by one process: an exclusive transaction on a tiny SQLite file beside it. The operating system
 * frees it when the process ends, however it ends, so there are no stale locks.
 */
export class InstanceLock {
  readonly #db: Database;
  readonly #ownerPath: string;

  private constructor(db: Database, ownerPath: string) {
    this.#db = db;
    this.#ownerPath = ownerPath;
  }

  /**
   * @param path the lock file; its owner is named in `<path>.owner`
   * @throws DaybookError already_running, naming the owner
   */
  static acquire(path: string): InstanceLock {
    const ownerPath = `${path}.owner`;
    const db = new Sqlite(path, { timeout: 0 });
    try {
      // No journal beside it, and nothing is ever written: the lock is all there is.
      db.pragma('journal_mode = MEMORY');
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
        throw new DaybookError('already_running', `daybook is already running${ownerText(ownerPath)}`, {
          cause: error,
        });
      }
      throw error;
    }
    writeFileSync(ownerPath, `${process.pid}\n`, { mode: 0o600 });
    return new InstanceLock(db, ownerPath);
  }

  release(): void {
    rmSync(this.#ownerPath, { force: true });
    this.#db.close();
  }
}

function ownerText(ownerPath: string): string {
  try {
    const pid = Number.parseInt(readFileSync(ownerPath, 'utf8'), 10);
    return Number.isSafeInteger(pid) ? ` (pid ${pid})` : '';
  } catch {
    return '';
  }
}
