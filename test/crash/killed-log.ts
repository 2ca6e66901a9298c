import type { Database } from 'better-sqlite3';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TemporaryDatabase } from '../harness/temporary-database.ts';

/** Of SQLite's write-ahead log: https://sqlite.org/fileformat2.html#the_write_ahead_log */
export const logHeaderBytes = 32;
export const frameBytes = 24 + 4096;

const COMMITS = 4;

/** A database as kill -9 leaves it: its first commits are in the file, and the others in its log only. */
export interface KilledLog {
  database: Buffer;
  log: Buffer;
  /** What is there with 0, 1, … of the commits in the log. */
  states: string[];
  /** Where each of these commits ends in the log, bytes. */
  ends: number[];
}

/** @param isReused whether the log begins anew over an older, longer one, as it does after a checkpoint */
export function killedLog(isReused: boolean): KilledLog {
  using temporary = new TemporaryDatabase();
  const { db } = temporary;
  let count = 0;
  const append = (events: number) =>
    temporary.append(
      Array.from({ length: events }, () => {
        count += 1;
        return { type: `t${count % 3}`, source: 's', action: 'a', timestamp: count, data: { n: count } };
      }),
      count,
    );
  append(40);
  db.pragma('wal_checkpoint(TRUNCATE)');
  if (isReused) {
    for (let commit = 0; commit <= COMMITS; commit += 1) append(20);
    db.pragma('wal_checkpoint(RESTART)');
  }
  const states = [contentOf(db)];
  const ends: number[] = [];
  for (let commit = 1; commit <= COMMITS; commit += 1) {
    append(10);
    states.push(contentOf(db));
    const [{ log }] = db.pragma('wal_checkpoint(NOOP)') as [{ log: number }];
    ends.push(logHeaderBytes + log * frameBytes);
  }
  return { database: readFileSync(temporary.path), log: readFileSync(`${temporary.path}-wal`), states, ends };
}

/** A digest of every row of every table. */
export function contentOf(db: Database): string {
  const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  return hash('sha256', JSON.stringify(tables.map((table) => db.prepare(`SELECT * FROM "${table}"`).raw().all())));
}
