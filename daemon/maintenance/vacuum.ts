import type { Database } from 'better-sqlite3';
import type { VacuumReply } from '../../shared/messages/vacuum.ts';
import { foldLog } from './fold-log.ts';
import type { Task } from './tasks.ts';

/** Pages given back in one step: a few milliseconds. */
const STEP_PAGES = 256;

/** Gives free pages back to the file system, a part at a time. */
export function* giveBackFreePages(db: Database): Task<VacuumReply> {
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  const freePages = () => Number(db.pragma('freelist_count', { simple: true }));
  let freed = 0;
  for (let left = freePages(); left > 0; left = freePages()) {
    db.pragma(`incremental_vacuum(${STEP_PAGES})`);
    const stillFree = freePages();
    // A file that was not made by us can be one that gives nothing back.
    if (stillFree >= left) break;
    freed += left - stillFree;
    yield;
  }
  // Only then the file is shorter.
  if (freed > 0) foldLog(db);
  return { freed_bytes: freed * pageBytes, blocked_seconds: 0 };
}
