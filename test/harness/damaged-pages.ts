import type { Database } from 'better-sqlite3';
import { closeSync, openSync, writeSync } from 'node:fs';

const PAGE_BYTES = 4_096;

/**
 * Number of a leaf page of a table or index, the `index`th in order; -1 is the last. It must be in the file, not in the
 * log only.
 */
export function pageOf(db: Database, name: string, index: number): number {
  const pages = db
    .prepare<[string], number>("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path")
    .pluck()
    .all(name);
  const page = pages.at(index);
  if (page === undefined) throw new Error(`${name} has ${pages.length} leaf pages`);
  return page;
}

/** Puts noise where a page of a closed database was. */
export function overwritePage(path: string, page: number, bytes = PAGE_BYTES): void {
  const file = openSync(path, 'r+');
  const noise = Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 167 + 13) % 251));
  writeSync(file, noise, 0, bytes, (page - 1) * PAGE_BYTES);
  closeSync(file);
}
