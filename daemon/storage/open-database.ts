import Sqlite, { type Database } from 'better-sqlite3';
import { constants, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { checkSchemaVersion, isOlder, migrate } from './migrate.ts';
import type { OnStep } from './opening-step.ts';

export interface WriterOptions {
  /** `normal`: a commit survives kill -9. `full`: it survives power loss, for one fsync a commit. */
  synchronous?: 'normal' | 'full';
  onStep?: OnStep;
}

/**
 * The one read-write connection, schema up to date. Creates the file when it is not there.
 * @throws DaybookError newer_schema, foreign_database; SqliteError
 */
export function openWriter(path: string, options: WriterOptions = {}): Database {
  const version = checkUntouched(path);
  if (isOlder(version)) {
    options.onStep?.('keeping a copy of the database before its schema changes');
    keepBeforeMigration(path, version);
  }
  const db = new Sqlite(path);
  try {
    // Another program's short write lock (the sqlite3 shell, a backup tool) is waited for, no longer than a shutdown
    // can wait.
    db.pragma(`busy_timeout = ${limits.shutdownMs / 2}`);
    // Only takes effect on an empty file, and only before WAL mode: free pages can be given back in small steps.
    db.pragma('auto_vacuum = INCREMENTAL');
    // Readers never block the writer, and a commit is one append.
    db.pragma('journal_mode = WAL');
    setDurability(db, options.synchronous ?? 'normal');
    // On macOS a plain fsync leaves data in the drive's cache; checkpoints must order the real thing.
    db.pragma('checkpoint_fullfsync = ON');
    // A WAL that grew large once is cut back to this after a checkpoint.
    db.pragma('journal_size_limit = 67108864');
    // A checkpoint every 4,000 pages (16 MiB): fewer rewrites of the same index pages than the default of 1,000.
    db.pragma('wal_autocheckpoint = 4000');
    // Pages of the three index edges and the table's end stay in memory: 2 MiB. The rest is in the system's cache.
    db.pragma('cache_size = -2048');
    db.pragma('temp_store = MEMORY');
    db.pragma('trusted_schema = OFF');
    migrate(db, options.onStep);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Refuses a file that is not ours to write while nothing has been written: opening it to write would recover its log. */
function checkUntouched(path: string): number {
  if (sizeOf(path) === 0) return 0;
  const db = new Sqlite(path, { readonly: true });
  try {
    return checkSchemaVersion(db);
  } finally {
    db.close();
  }
}

/**
 * Keeps a copy of a database as `PATH.schema-VERSION` before its schema changes. Made while nobody has it open: to close a
 * copied file would drop the locks of a connection in this process.
 */
function keepBeforeMigration(path: string, version: number): void {
  const kept = `${path}.schema-${version}`;
  if (existsSync(kept)) return;
  try {
    // The log first: the copy is complete when the database is there under its name.
    for (const suffix of ['-wal', '']) {
      rmSync(kept + suffix, { force: true });
      // An empty log holds nothing, and would lie about for ever.
      if (sizeOf(path + suffix) === 0) continue;
      copyFileSync(path + suffix, `${kept}${suffix}.new`, constants.COPYFILE_FICLONE);
      renameSync(`${kept}${suffix}.new`, kept + suffix);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DaybookError(
      'storage_error',
      `no copy of ${path} could be kept before its schema is changed (${reason}); make room and start daybook again`,
      { cause },
    );
  }
}

/** What the next COMMIT of this connection survives. */
export function setDurability(db: Database, level: 'normal' | 'full'): void {
  db.pragma(`synchronous = ${level === 'full' ? 'FULL' : 'NORMAL'}`);
  db.pragma(`fullfsync = ${level === 'full' ? 'ON' : 'OFF'}`);
}

/** A read-only connection to a database that `openWriter` has opened before. @throws DaybookError missing_database */
export function openReader(path: string): Database {
  // SQLite deletes the log beside an empty file: all there is of a database that somebody has emptied.
  if (existsSync(path) && sizeOf(path) === 0) throw new DaybookError('missing_database', `${path} is empty`);
  const db = new Sqlite(path, { readonly: true, fileMustExist: true });
  try {
    db.pragma('busy_timeout = 1000');
    checkSchemaVersion(db);
    db.pragma('query_only = ON');
    db.pragma('cache_size = -8192');
    // Pages are read from the page cache of the operating system without a copy.
    db.pragma('mmap_size = 268435456');
    db.pragma('temp_store = MEMORY');
    db.pragma('trusted_schema = OFF');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
