import Sqlite, { type Database } from 'better-sqlite3';
import { closeSync, openSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';
import { openReader } from '../storage/open-database.ts';

/** What a database holds at one moment. */
export interface SnapshotFacts {
  databaseId: string;
  /** By the counts that are kept with them. */
  events: number;
  lastId: number;
  bytes: number;
}

/** Pages of 4 KiB that are copied in one go: some 15 ms. */
const PAGES_PER_STEP = 1_000;
/** Bytes 18 and 19 of the file: versions of its format, 1 with a rollback journal and 2 with a write-ahead log. */
const FORMAT_OFFSET = 18;
const WITHOUT_LOG = Buffer.from([1, 1]);

/**
 * Copies a database as it is at this moment to a file that is not there yet, page by page. It stays at that moment because a
 * read transaction is open from before the first page to behind the last one; without it, SQLite would begin anew after
 * each commit of the daemon. The daemon goes on meanwhile, its log cannot be cut back until this is done.
 *
 * @throws DaybookError missing_database, foreign_database, newer_schema, disk_full; SqliteError
 */
export async function copySnapshot(
  databasePath: string,
  target: string,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<SnapshotFacts> {
  const db = openReader(databasePath);
  try {
    db.exec('BEGIN');
    const facts = snapshotFacts(db);
    checkRoom(dirname(target), facts.bytes);
    await db.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress(((totalPages - remainingPages) / totalPages) * facts.bytes, facts.bytes);
        return PAGES_PER_STEP;
      },
    });
    // Who opens it then needs no log beside it, and leaves none.
    writeAt(target, FORMAT_OFFSET, WITHOUT_LOG);
    return facts;
  } finally {
    db.close();
  }
}

/** Reads a few rows only. @throws SqliteError */
export function snapshotFacts(db: Database): SnapshotFacts {
  const number = (sql: string) => Number(db.prepare(sql).pluck().get());
  return {
    databaseId: String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get()),
    events: number("SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'type'"),
    lastId: number(
      "SELECT max((SELECT value FROM meta WHERE key = 'last_id'), (SELECT coalesce(max(id), 0) FROM event))",
    ),
    bytes: number('PRAGMA page_count') * number('PRAGMA page_size'),
  };
}

/** @throws DaybookError missing_database */
export function checkThereIsOne(databasePath: string): void {
  if ((statSync(databasePath, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  throw new DaybookError(
    'missing_database',
    `there is no database at ${databasePath}; the daemon makes one when it first runs`,
  );
}

/** @throws DaybookError disk_full */
export function checkRoom(directory: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= neededBytes) return;
  throw new DaybookError(
    'disk_full',
    `${directory} has room for ${bavail * bsize} bytes and ${neededBytes} are needed; make room, or use another disk`,
  );
}

function writeAt(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
}

/** Errors of SQLite while a file is written, as what they mean there. */
export function isOutOfRoom(error: unknown): boolean {
  if (error instanceof Sqlite.SqliteError) return error.code === 'SQLITE_FULL';
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}
