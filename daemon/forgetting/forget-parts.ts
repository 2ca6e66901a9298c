import type { Database } from 'better-sqlite3';
import { partNumbered, zoneOf } from '../search/index-parts.ts';

/**
 * Takes parts out of the index, and the words that were in them out of its file: what is left is written anew. They are
 * indexed again like any part that is missing. False when a reader keeps the log from being emptied.
 * @throws SqliteError
 */
export function forgetParts(index: Database, numbers: readonly number[]): boolean {
  index.transaction(() => {
    for (const number of numbers) dropPart(index, number);
  })();
  index.exec('VACUUM');
  const [row] = index.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  return row?.busy === 0;
}

/** Call inside a transaction. */
export function dropPart(index: Database, number: number): void {
  const { from, to } = partNumbered(number);
  index.exec(`DROP TABLE IF EXISTS words_${number}`);
  index.prepare('DELETE FROM part WHERE number = ?').run(number);
  index.prepare('DELETE FROM zone WHERE number BETWEEN ? AND ?').run(zoneOf(from), zoneOf(to));
}
