import type { Database } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';

/**
 * Looks through the whole file.
 * @throws DaybookError damaged_database; SqliteError SQLITE_CORRUPT
 */
export function checkIntegrity(db: Database): void {
  const problem = String(db.pragma('integrity_check(1)', { simple: true }));
  if (problem !== 'ok') throw new DaybookError('damaged_database', `${db.name}: ${problem}`);
}
