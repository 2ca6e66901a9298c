import type { Database } from 'better-sqlite3';

/**
 * Moves all of the write-ahead log into the database and cuts it off, and the database too where it has become shorter. A
 * reader in the way is not waited for; then less is done.
 * @throws SqliteError
 */
export function foldLog(db: Database): void {
  const busyTimeoutMs = Number(db.pragma('busy_timeout', { simple: true }));
  db.pragma('busy_timeout = 0');
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
  }
}
