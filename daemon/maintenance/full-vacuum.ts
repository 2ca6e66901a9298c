import type { Database } from 'better-sqlite3';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';
import type { VacuumReply } from '../../shared/messages/vacuum.ts';
import { foldLog } from './fold-log.ts';
import type { Task } from './tasks.ts';

const MiB = 1024 * 1024;
/** What is left to everybody else on the disk. */
const SPARE_BYTES = 32 * MiB;

/**
 * Writes the whole database anew, without free pages and with each table in one piece, in one statement: nothing is stored
 * until it has ended. SQLite writes it to a temporary file, from there into the log, and from there over the old one; the
 * commit is in the log, so that whatever ends the process leaves all of the old file or all of the new one.
 * @throws DaybookError disk_full; SqliteError
 */
// oxlint-disable-next-line require-yield
export function* rewriteCompactly(db: Database): Task<VacuumReply> {
  const before = bytesOf(db, 'page_count');
  const used = before - bytesOf(db, 'freelist_count');
  checkRoom(db.name, used);
  const startedMs = performance.now();
  try {
    // In memory it would be as large there.
    db.pragma('temp_store = FILE');
    db.exec('VACUUM');
  } finally {
    db.pragma('temp_store = MEMORY');
    // It is as long as the database was; also when there was no room for all of it.
    foldLog(db);
  }
  return {
    freed_bytes: Math.max(0, before - bytesOf(db, 'page_count')),
    blocked_seconds: (performance.now() - startedMs) / 1000,
  };
}

function bytesOf(db: Database, pages: 'page_count' | 'freelist_count'): number {
  return Number(db.pragma(pages, { simple: true })) * Number(db.pragma('page_size', { simple: true }));
}

/** The temporary file and the log each become as large as what is kept. */
function checkRoom(path: string, usedBytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const needed = 2 * usedBytes + SPARE_BYTES;
  const free = bavail * bsize;
  if (free >= needed) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / MiB).toLocaleString('en-US')} MiB`;
  throw new DaybookError(
    'disk_full',
    `to write ${path} anew takes ${mib(needed)} of room for a while, and there are ${mib(free)}; nothing was changed`,
  );
}
