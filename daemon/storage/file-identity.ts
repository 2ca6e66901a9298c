import { renameSync, statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { utcStamp } from './replace-damaged.ts';

interface Look {
  /** Undefined when there is no file. */
  identity: string | undefined;
  bytes: number;
}

/**
 * Tells whether the open database still is the file at its path, and so is its write-ahead log. SQLite does not notice
 * that a file was deleted, emptied or replaced: it goes on writing into one that nobody will find again.
 */
export class FileIdentity {
  readonly #path: string;
  readonly #database: Look;
  #log: Look;

  /** @param path of a database that is open, and has been read from */
  constructor(path: string) {
    this.#path = path;
    this.#database = look(path);
    this.#log = look(`${path}-wal`);
  }

  /** Size of the write-ahead log at the last check. */
  get walBytes(): number {
    return this.#log.bytes;
  }

  /**
   * When another database has taken the place of the open one, the log is put out of its way: SQLite would lay it over
   * that one.
   * @throws DaybookError missing_database
   */
  check(): void {
    const log = look(`${this.#path}-wal`);
    const isSameLog = log.identity === this.#log.identity;
    const database = look(this.#path);
    if (database.identity !== this.#database.identity) {
      const isReplaced = database.identity !== undefined;
      if (isReplaced && isSameLog && log.bytes > 0) {
        renameSync(`${this.#path}-wal`, `${this.#path}.orphaned-${utcStamp()}-wal`);
      }
      throw gone(this.#path, isReplaced ? REPLACED : DELETED);
    }
    if (database.bytes === 0 && this.#database.bytes > 0) throw gone(this.#path, 'was emptied');
    if (!isSameLog) throw gone(`${this.#path}-wal`, log.identity === undefined ? DELETED : REPLACED);
    this.#log = log;
  }
}

function look(path: string): Look {
  const stat = statSync(path, { throwIfNoEntry: false });
  return { identity: stat && `${stat.dev}:${stat.ino}`, bytes: stat?.size ?? 0 };
}

const DELETED = 'was deleted';
const REPLACED = 'is another file than the one that was opened';

function gone(path: string, what: string): DaybookError {
  return new DaybookError('missing_database', `${path} ${what}: nothing more can be stored safely`);
}
