import type { Database } from 'better-sqlite3';
import { fdatasyncSync, fstatSync, openSync, readSync, realpathSync, type Stats, statSync, writeSync } from 'node:fs';
import { limits } from '../../shared/limits.ts';
import { clear, clearUnusedBytes, type OverflowChain } from './unused-bytes.ts';
import type { Task } from '../maintenance/tasks.ts';
import { giveBackFreePages } from '../maintenance/vacuum.ts';

export interface ClearedRemains {
  /** Written anew, or given back to the file system. */
  bytes: number;
  /** A reader kept the log from being emptied; then nothing of the file was cleared either. */
  isLogLeft: boolean;
  /** Some pages are not as they must be. */
  isFileLeft: boolean;
}

/** What an entry of the pointer map says of a page. */
const TREE_PAGES: ReadonlySet<number | undefined> = new Set([1, 5]);
const MAP_ENTRY_BYTES = 5;
/** The lock bytes lie at 1 GiB, and their page holds nothing. */
const LOCK_OFFSET = 0x4000_0000;
const PAGES_AT_ONCE = 256;
/** How long a reader may be in the way. */
const PATIENCE_MS = 10_000;
const CHECKPOINT_WAIT_MS = 40;

/**
 * Clears what deleted rows have left in the file of a database: free pages go back to the file system, the log is emptied,
 * and the unused bytes of every page become zeros. SQLite has no way to do the last, so it is done in the file itself,
 * while this connection has the write lock and the log is empty: nobody writes, and nobody reads unused bytes.
 */
export class RemainsOfDatabase {
  readonly #db: Database;
  readonly #pageBytes: number;
  /** Links resolved, as SQLite does: its log is beside the file itself. */
  readonly #path: string;
  readonly #identity: string;
  /** Never closed: that would drop the locks that SQLite holds on the same file. */
  #file: number | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#pageBytes = Number(db.pragma('page_size', { simple: true }));
    this.#path = realpathSync(db.name);
    this.#identity = identityOf(statSync(this.#path));
  }

  *clear(): Task<ClearedRemains> {
    const freed = yield* giveBackFreePages(this.#db);
    const cleared = { bytes: freed.freed_bytes, isLogLeft: false, isFileLeft: false };
    if (this.#db.pragma('auto_vacuum', { simple: true }) === 0) return { ...cleared, isFileLeft: true };
    const lastPage = Number(this.#db.pragma('page_count', { simple: true }));
    let nextPage = 2;
    let patientUntilMs = performance.now() + PATIENCE_MS;
    while (nextPage <= lastPage) {
      yield;
      if (!this.#emptyLog()) {
        if (performance.now() > patientUntilMs) return { ...cleared, isLogLeft: true };
        continue;
      }
      const slice = this.#alone(() => this.#clearPages(nextPage, lastPage));
      if (slice === undefined) continue;
      patientUntilMs = performance.now() + PATIENCE_MS;
      nextPage = slice.nextPage;
      cleared.bytes += slice.bytes;
      cleared.isFileLeft ||= slice.isFileLeft;
    }
    return cleared;
  }

  /** False when a reader is in the way. */
  #emptyLog(): boolean {
    const busyTimeoutMs = Number(this.#db.pragma('busy_timeout', { simple: true }));
    try {
      this.#db.pragma(`busy_timeout = ${CHECKPOINT_WAIT_MS}`);
      const [row] = this.#db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return row?.busy === 0;
    } finally {
      this.#db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    }
  }

  /** Undefined when somebody has written since the log was emptied. */
  #alone<Result>(work: () => Result): Result | undefined {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      if ((statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return undefined;
      // Pages in memory still have what is cleared in the file, and would be written back with it.
      this.#db.pragma('shrink_memory');
      return work();
    } finally {
      this.#db.exec('ROLLBACK');
    }
  }

  #clearPages(from: number, lastPage: number): { nextPage: number; bytes: number; isFileLeft: boolean } {
    const file = this.#open();
    const endMs = performance.now() + limits.maintenanceSliceMs / 2;
    const pages = Buffer.alloc(PAGES_AT_ONCE * this.#pageBytes);
    let nextPage = from;
    let bytes = 0;
    let isFileLeft = false;
    let map: { page: number; bytes: Buffer } | undefined;
    while (nextPage <= lastPage && performance.now() < endMs) {
      const count = Math.min(PAGES_AT_ONCE, lastPage - nextPage + 1);
      const there = Math.floor(
        readSync(file, pages, 0, count * this.#pageBytes, this.#offsetOf(nextPage)) / this.#pageBytes,
      );
      if (there === 0) break;
      for (let index = 0; index < there; index += 1) {
        const number = nextPage + index;
        const mapPage = this.#mapPageOf(number);
        if (mapPage === undefined) continue;
        if (map?.page !== mapPage) map = { page: mapPage, bytes: this.#read(file, mapPage) };
        if (!TREE_PAGES.has(map.bytes[(number - mapPage - 1) * MAP_ENTRY_BYTES])) continue;
        const page = pages.subarray(index * this.#pageBytes, (index + 1) * this.#pageBytes);
        const done = clearUnusedBytes(page, number);
        if (done === undefined) isFileLeft = true;
        else {
          if (done.changed > 0) bytes += this.#write(file, number, page);
          for (const chain of done.chains) bytes += this.#clearTail(file, chain, lastPage);
        }
      }
      nextPage += there;
    }
    if (bytes > 0) fdatasyncSync(file);
    return { nextPage, bytes, isFileLeft };
  }

  /** The last page of a chain is rarely full. Returns the bytes that were written. */
  #clearTail(file: number, { firstPage, bytes }: OverflowChain, lastPage: number): number {
    const room = this.#pageBytes - 4;
    let number = firstPage;
    for (let left = bytes; number >= 2 && number <= lastPage; left -= room) {
      const page = this.#read(file, number);
      const next = page.readUInt32BE(0);
      if (left <= room) {
        if (next !== 0 || clear(page, 4 + left, page.length) === 0) return 0;
        return this.#write(file, number, page);
      }
      number = next;
    }
    return 0;
  }

  /** The page of the pointer map that knows a page; undefined for one of the map itself, and for that of the lock bytes. */
  #mapPageOf(page: number): number | undefined {
    const group = Math.floor(this.#pageBytes / MAP_ENTRY_BYTES) + 1;
    const lockPage = LOCK_OFFSET / this.#pageBytes + 1;
    if (page === lockPage) return undefined;
    const first = Math.floor((page - 2) / group) * group + 2;
    const mapPage = first === lockPage ? first + 1 : first;
    return page <= mapPage ? undefined : mapPage;
  }

  #offsetOf(page: number): number {
    return (page - 1) * this.#pageBytes;
  }

  #read(file: number, page: number): Buffer {
    const bytes = Buffer.alloc(this.#pageBytes);
    readSync(file, bytes, 0, bytes.length, this.#offsetOf(page));
    return bytes;
  }

  #write(file: number, page: number, bytes: Buffer): number {
    return writeSync(file, bytes, 0, bytes.length, this.#offsetOf(page));
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    const file = openSync(this.#path, 'r+');
    if (identityOf(fstatSync(file)) !== this.#identity) throw new Error('the database is another file by now');
    this.#file = file;
    return file;
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
