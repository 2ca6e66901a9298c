import type { Database } from 'better-sqlite3';
import type { Task } from './tasks.ts';

/** Pages given back in one step: a few milliseconds. */
const STEP_PAGES = 256;

/** Gives free pages back to the file system, a part at a time. */
export function* giveBackFreePages(db: Database): Task<{ freed_bytes: number }> {
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  const freePages = () => Number(db.pragma('freelist_count', { simple: true }));
  let freed = 0;
  for (let left = freePages(); left > 0; left = freePages()) {
    db.pragma(`incremental_vacuum(${STEP_PAGES})`);
    freed += left - freePages();
    yield;
  }
  return { freed_bytes: freed * pageBytes };
}
