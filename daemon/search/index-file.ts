import Sqlite, { type Database } from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { storageFailure } from '../storage/storage-failure.ts';

/** Raised whenever events would be indexed in another way: then the index is made anew. */
export const VERSION = 'words 2';

/** Where the full-text index of a database is. A file of its own: it can be deleted, and is then made again. */
export function searchIndexPath(databasePath: string): string {
  return `${databasePath}.search`;
}

export function removeSearchIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

export interface IndexedDatabase {
  databaseId: string;
  /** Highest id given when the daemon started. */
  lastId: number;
  /** Hash of the event with an id; undefined when there is none. */
  hashOf: (id: number) => Buffer | undefined;
}

/**
 * Opens the index for writing. One that cannot be read, or is of another database or of a later state of this one, is
 * replaced by an empty one.
 * @throws SqliteError when none can be made either
 */
export function openIndex(path: string, database: IndexedDatabase): { db: Database; isNew: boolean } {
  let db: Database | undefined;
  try {
    db = open(path);
    if (isOf(db, database)) return { db, isNew: false };
  } catch (error) {
    db?.close();
    if (!isAboutTheFile(error)) throw error;
  }
  db?.close();
  removeSearchIndex(path);
  db = open(path);
  db.exec(SCHEMA);
  const set = db.prepare<[string, string]>('INSERT INTO meta (key, value) VALUES (?, ?)');
  db.transaction(() => {
    set.run('version', VERSION);
    set.run('database_id', database.databaseId);
  })();
  return { db, isNew: true };
}

/** Whether another file can be better: not when the disk is full, or somebody else has it locked for a moment. */
function isAboutTheFile(error: unknown): boolean {
  return (
    error instanceof Sqlite.SqliteError &&
    storageFailure(error) !== 'full' &&
    !error.code.startsWith('SQLITE_BUSY') &&
    !error.code.startsWith('SQLITE_LOCKED')
  );
}

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE part (
    number INTEGER PRIMARY KEY,
    indexed_to INTEGER NOT NULL,
    newest_id INTEGER,
    newest_hash BLOB
  ) STRICT;
  CREATE TABLE zone (number INTEGER PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL) STRICT;
`;

function open(path: string): Database {
  const db = new Sqlite(path);
  // Only takes effect on an empty file, and only before WAL mode.
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('journal_size_limit = 16777216');
  db.pragma('cache_size = -2048');
  db.pragma('busy_timeout = 1000');
  return db;
}

/** Ids are used again when a log was lost and its events never acknowledged; their hashes tell. */
function isOf(db: Database, { databaseId, lastId, hashOf }: IndexedDatabase): boolean {
  const valueOf = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  if (valueOf.get('version') !== VERSION || valueOf.get('database_id') !== databaseId) return false;
  return db
    .prepare<[], { indexed_to: number; newest_id: number | null; newest_hash: Buffer | null }>(
      'SELECT indexed_to, newest_id, newest_hash FROM part',
    )
    .all()
    .every(({ indexed_to: indexedTo, newest_id: id, newest_hash: hash }) => {
      const kept = id === null ? undefined : hashOf(id);
      return indexedTo <= lastId && (kept === undefined || (hash !== null && kept.equals(hash)));
    });
}
