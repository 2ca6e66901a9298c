import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { DaybookError } from '../../../shared/errors.ts';
import { allowReadingOnly } from './reading-only.ts';
import { addReadableView } from './readable-view.ts';
import { sqlFailure } from './sql-failure.ts';

/** "Dayb": the application id of every database of ours. */
const APPLICATION_ID = 0x44617962;
const BUSY_TIMEOUT_MS = 5_000;

export interface OpenDatabase {
  db: DatabaseSync;
  /** @throws DaybookError busy, when what was read may not belong together */
  checkUnchanged: () => void;
}

/**
 * A connection that reads and leaves no trace. Beside a running daemon, or after one was killed, it uses the log that is
 * there, as any reader does. With no log the file is all there is: then it is read without locks, since SQLite would
 * make a log and leave it behind, and that nobody changes it meanwhile is seen by its size and time.
 * @throws DaybookError missing_database, foreign_database, damaged_database, storage_error, busy
 */
export function openDatabase(path: string): OpenDatabase {
  if (!('setAuthorizer' in DatabaseSync.prototype)) {
    throw new Error(`'daybook sql' needs Node 24.10 or newer; this is ${process.versions.node}`);
  }
  if ((sizeOf(path) ?? 0) === 0) {
    const what = sizeOf(path) === undefined ? 'there is no database at' : 'nothing is in';
    throw new DaybookError('missing_database', `${what} ${path}; the daemon makes one when it first runs`);
  }
  const hasLog = (sizeOf(`${path}-wal`) ?? 0) > 0;
  const isShared = sizeOf(`${path}-wal`) !== undefined && sizeOf(`${path}-shm`) !== undefined;
  if (hasLog && !isShared) {
    throw new DaybookError(
      'busy',
      `${path}-wal has no index beside it (${path}-shm), and this command makes no files: start the daemon once`,
    );
  }
  const before = fingerprint(path);
  const checkUnchanged = () => {
    if (isShared || fingerprint(path) === before) return;
    throw new DaybookError('busy', 'the database was changed while it was read: a daemon has started; ask again');
  };
  return { db: open(path, !isShared), checkUnchanged };
}

function open(path: string, isImmutable: boolean): DatabaseSync {
  const url = pathToFileURL(path);
  if (isImmutable) url.searchParams.set('immutable', '1');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(url, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    checkOurs(db, path);
    db.exec('PRAGMA trusted_schema = OFF');
    addReadableView(db);
    db.exec('PRAGMA query_only = ON');
    allowReadingOnly(db);
    return db;
  } catch (error) {
    db?.close();
    throw sqlFailure(error, path);
  }
}

function checkOurs(db: DatabaseSync, path: string): void {
  if (db.prepare('PRAGMA application_id').get()?.['application_id'] === APPLICATION_ID) return;
  throw new DaybookError('foreign_database', `${path} is a database of another program`);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function fingerprint(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${stat?.dev} ${stat?.ino} ${stat?.size} ${stat?.mtimeNs}`;
}
