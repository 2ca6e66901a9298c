import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { applicationId, type DatabaseHead, refusalError, refusalOf } from '../../../shared/database-format.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { allowReadingOnly } from './reading-only.ts';
import { addReadableView } from './readable-view.ts';
import { sqlFailure } from './sql-failure.ts';

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
 *
 * Only questions are answered. A schema that is newer than this build's is read like any other.
 * @throws DaybookError missing_database, foreign_database, damaged_database, storage_error, busy
 */
export function openDatabase(path: string): OpenDatabase {
  if (!('setAuthorizer' in DatabaseSync.prototype)) {
    throw new Error(`'daybook sql' needs Node 24.10 or newer; this is ${process.versions.node}`);
  }
  const opened = openTraceless(path);
  const { db } = opened;
  try {
    checkOurs(db, path);
    db.exec('PRAGMA trusted_schema = OFF');
    addReadableView(db);
    db.exec('PRAGMA query_only = ON');
    allowReadingOnly(db);
    return opened;
  } catch (error) {
    db.close();
    throw sqlFailure(error, path);
  }
}

/** The same connection to whatever database is there. @throws DaybookError missing_database, storage_error, busy */
export function openTraceless(path: string): OpenDatabase {
  if ((sizeOf(path) ?? 0) === 0) {
    const what = sizeOf(path) === undefined ? 'there is no database at' : 'nothing is in';
    throw new DaybookError('missing_database', `${what} ${path}; the daemon makes one when it first runs`);
  }
  if (statSync(path).isDirectory()) throw new DaybookError('storage_error', `${path} is a directory; name a database`);
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
  const url = pathToFileURL(path);
  if (!isShared) url.searchParams.set('immutable', '1');
  try {
    return { db: new DatabaseSync(url, { readOnly: true, timeout: BUSY_TIMEOUT_MS }), checkUnchanged };
  } catch (error) {
    throw sqlFailure(error, path);
  }
}

/** What tells whose database this is. @throws the error of SQLite */
export function headOf(db: DatabaseSync): DatabaseHead {
  const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const names = db.prepare('SELECT name FROM sqlite_schema').all();
  return {
    applicationId: pragma('application_id'),
    userVersion: pragma('user_version'),
    names: new Set(names.map(({ name }) => String(name))),
  };
}

function checkOurs(db: DatabaseSync, path: string): void {
  const head = headOf(db);
  if (head.applicationId === applicationId) return;
  const refusal = refusalOf(path, head);
  throw refusal === undefined
    ? new DaybookError('foreign_database', `nothing of daybook is in ${path}`)
    : refusalError(refusal);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function fingerprint(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${stat?.dev} ${stat?.ino} ${stat?.size} ${stat?.mtimeNs}`;
}
