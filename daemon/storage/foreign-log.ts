import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { type Notice, utcStamp } from './replace-damaged.ts';

/** Where the head of an SQLite file says how it is read: 1 without a log. https://www.sqlite.org/fileformat2.html */
const READ_VERSION = 19;
const WITHOUT_LOG = 1;

/**
 * Puts a log aside that cannot belong to the database beside it, and that SQLite would lay over it all the same: a daemon's
 * database says in its head that it has a log, from before its first commit on, and a backup says that it has none. So
 * somebody has copied a backup over a database of which the log was left.
 */
export function setForeignLogAside(path: string, onNotice: Notice): void {
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (logBytes === 0 || readVersionOf(path) !== WITHOUT_LOG) return;
  const kept = `${path}.orphaned-${utcStamp()}-wal`;
  renameSync(`${path}-wal`, kept);
  rmSync(`${path}-shm`, { force: true });
  onNotice('a backup was copied over the database: the log of the one before was put aside', { at: kept });
}

/** Undefined when there is no database. */
function readVersionOf(path: string): number | undefined {
  const head = Buffer.alloc(READ_VERSION + 1);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const isWhole = readSync(file, head, 0, head.length, 0) === head.length;
    return isWhole && head.toString('latin1', 0, 16) === 'SQLite format 3\0' ? head[READ_VERSION] : undefined;
  } finally {
    closeSync(file);
  }
}
