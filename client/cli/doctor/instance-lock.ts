import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** What a daemon holds as long as it runs. */
export function lockPath(dataDirectory: string): string {
  return join(dataDirectory, 'daybook.lock');
}

/** Asked only when nobody answers: for a moment the question itself is in the way of a daemon that starts. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    try {
      db.prepare('SELECT 1 FROM sqlite_schema').all();
      return false;
    } finally {
      db.close();
    }
  } catch (error) {
    return ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
  }
}
