import Sqlite, { type Database } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import { EventVerification } from '../verify/verify-events.ts';
import { checkStructure } from '../verify/verify-structure.ts';
import { checkSchemaVersion } from '../storage/migrate.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { type SnapshotFacts, snapshotFacts } from './copy-snapshot.ts';

/** Damaged events named in an error. */
const NAMED = 5;

/**
 * Whether a file is a database of ours whose pages are what they must be, whose indexes and counts agree, and which holds
 * what the snapshot did.
 * @throws DaybookError damaged_database, foreign_database, newer_schema
 */
export function checkCopy(path: string, snapshot: SnapshotFacts): void {
  withDatabase(path, path, (db) => {
    const structure = checkStructure(db);
    if (structure !== 'ok') throw damaged(path, structure);
    const facts = snapshotFacts(db);
    const differing = (['databaseId', 'events', 'lastId'] as const).filter((name) => facts[name] !== snapshot[name]);
    if (differing.length > 0) {
      throw damaged(
        path,
        differing.map((name) => `${name} is ${facts[name]} and was ${snapshot[name]}`),
      );
    }
  });
}

/**
 * The same of a file that comes from elsewhere, and each of its events is held against its hash.
 * @param name of the file in errors
 * @throws DaybookError damaged_database, foreign_database, newer_schema
 */
export function checkEverything(
  path: string,
  name: string,
  onProgress: (events: number, total: number) => void,
): SnapshotFacts {
  return withDatabase(path, name, (db) => {
    const facts = snapshotFacts(db);
    const verification = new EventVerification(db, { search: false });
    let checked = 0;
    for (let afterId: number | null = 0; afterId !== null; ) {
      const page = verification.page(afterId);
      const [first] = page.damaged;
      if (first !== undefined) {
        const ids = page.damaged.slice(0, NAMED).map(({ id }) => id);
        throw damaged(name, [`event ${ids.join(', ')}: ${first.message}`]);
      }
      if (Array.isArray(page.structure)) throw damaged(name, page.structure);
      checked += page.checked;
      onProgress(checked, facts.events);
      afterId = page.afterId;
    }
    return facts;
  });
}

function withDatabase<Result>(path: string, name: string, use: (db: Database) => Result): Result {
  const db = new Sqlite(path, { readonly: true, fileMustExist: true });
  try {
    if (checkSchemaVersion(db) === 0) throw new DaybookError('damaged_database', `${name} is an empty database`);
    db.pragma('trusted_schema = OFF');
    db.pragma('mmap_size = 268435456');
    return use(db);
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && storageFailure(error) === 'damaged')
      throw damaged(name, [error.message]);
    throw error;
  } finally {
    db.close();
  }
}

function damaged(name: string, lines: readonly string[]): DaybookError {
  const rest = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return new DaybookError('damaged_database', `${name} is damaged: ${lines[0]}${rest}`);
}
