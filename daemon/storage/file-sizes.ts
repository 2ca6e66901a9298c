import { statSync } from 'node:fs';
import { searchIndexPath } from '../search/index-file.ts';

/** Bytes on disk. What is not there has none. */
export interface FileSizes {
  database: number;
  /** The write-ahead log. */
  wal: number;
  /** The full-text index, with its own log. */
  index: number;
}

export function fileSizes(databasePath: string): FileSizes {
  // Only stat: opening and closing the file elsewhere in the process would drop SQLite's locks.
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const index = searchIndexPath(databasePath);
  return {
    database: sizeOf(databasePath),
    wal: sizeOf(`${databasePath}-wal`),
    index: ['', '-wal', '-shm'].reduce((sum, suffix) => sum + sizeOf(index + suffix), 0),
  };
}
