import type { Database } from 'better-sqlite3';
import { statSync } from 'node:fs';
import { searchIndexPath } from '../search/index-file.ts';

/** What the events take on the disk once free pages are given back. The write-ahead log is not in it: it comes and goes. */
export interface SpaceUsed {
  /** Of the database, without free pages. */
  databaseBytes: number;
  indexBytes: number;
  events: number;
  /** Payloads as they are kept. */
  dataBytes: number;
}

/** A bound is reached when a little room is left, so that the next run does not begin at it. */
const TARGET_SHARE = 0.97;

export function spaceUsed(db: Database): SpaceUsed {
  const figure = (name: string) => Number(db.pragma(name, { simple: true }));
  const sum = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
  return {
    databaseBytes: (figure('page_count') - figure('freelist_count')) * figure('page_size'),
    // Only stat: opening and closing the file elsewhere in the process would drop SQLite's locks.
    indexBytes: statSync(searchIndexPath(db.name), { throwIfNoEntry: false })?.size ?? 0,
    events: sum("SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'type'"),
    dataBytes: sum('SELECT coalesce(sum(data_bytes), 0) FROM rollup'),
  };
}

/** What an event takes besides its payload, in the mean: its row, its places in the indexes, its words. */
export function overheadBytes({ databaseBytes, indexBytes, events, dataBytes }: SpaceUsed): number {
  return events === 0 ? 0 : Math.max(0, databaseBytes + indexBytes - dataBytes) / events;
}

/** Bytes that must go for a bound to hold; 0 when it does, or when there is none. */
export function excessBytes(usedBytes: number, boundBytes: number): number {
  return boundBytes === 0 || usedBytes <= boundBytes ? 0 : usedBytes - boundBytes * TARGET_SHARE;
}
