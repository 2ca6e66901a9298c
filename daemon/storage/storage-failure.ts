import Sqlite from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';

/**
 * What a failed statement means for the daemon. `full`: the disk is, for now. `damaged`: the bytes of the database are not
 * what was written. `broken`: the disk or the file fails, and nothing more may be acknowledged. `passing`: try again.
 */
export type StorageFailure = 'full' | 'damaged' | 'broken' | 'passing';

/** The kind of an error thrown by SQLite or by a check of its files. */
export function storageFailure(error: unknown): StorageFailure {
  if (error instanceof DaybookError) {
    if (error.code === 'damaged_database') return 'damaged';
    return error.code === 'missing_database' ? 'broken' : 'passing';
  }
  if (!(error instanceof Sqlite.SqliteError)) return 'passing';
  const { code } = error;
  // The index of the log is a file of its own, and its growth fails under another name.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') return 'full';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'damaged';
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN')) {
    return 'broken';
  }
  return 'passing';
}
