import type { Database } from 'better-sqlite3';
import { renameSync, statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { FileIdentity } from './file-identity.ts';
import { setForeignLogAside } from './foreign-log.ts';
import { GapLedger } from './gap-ledger.ts';
import { checkIntegrity } from './integrity.ts';
import { Marker, type Marked } from './marker.ts';
import { openReader, openWriter } from './open-database.ts';
import type { OnStep } from './opening-step.ts';
import { type Notice, replaceDamaged, utcStamp } from './replace-damaged.ts';
import { storageFailure } from './storage-failure.ts';

/** The database as the writer holds it. */
export interface GuardedDatabase {
  db: Database;
  marker: Marker;
  files: FileIdentity;
}

export interface GuardOptions {
  /** Take the database as it is, or make a new one, whatever was there before. */
  init: boolean;
  /** Told about what a person should know: what was set aside, what was saved, what is gone. */
  onNotice: Notice;
  onStep?: OnStep;
}

/**
 * Opens the database for writing, and holds it against what its marker remembers: a missing or emptied one is refused, a
 * damaged one is set aside whole and what can be read of it moves into a new one, and events that are gone become gaps.
 *
 * @throws DaybookError missing_database, damaged_database, newer_schema, foreign_database; SqliteError
 */
export function openGuarded(path: string, { init, onNotice, onStep }: GuardOptions): GuardedDatabase {
  const markerPath = `${path}.marker`;
  if (init) {
    Marker.remove(markerPath);
    keepOrphanedLog(path, onNotice);
  }
  setForeignLogAside(path, onNotice);
  const marked = Marker.read(markerPath);
  if (marked?.setAside != null) replaceDamaged(path, marked, onNotice, onStep);
  else if (Marker.isThere(markerPath)) checkPresent(path);
  try {
    if (marked !== undefined) checkUnchanged(path, marked, onStep);
    return open(path, marked, { onNotice, onStep });
  } catch (error) {
    // What was never ours is not set aside.
    if (marked === undefined || storageFailure(error) !== 'damaged') throw error;
    onNotice('the database is damaged', { reason: error instanceof Error ? error.message : String(error) });
    replaceDamaged(path, { ...marked, setAside: null }, onNotice, onStep);
    return open(path, undefined, { onNotice, onStep });
  }
}

function open(
  path: string,
  marked: Marked | undefined,
  { onNotice, onStep }: { onNotice: Notice; onStep: OnStep | undefined },
): GuardedDatabase {
  const db = openWriter(path, { ...(onStep !== undefined && { onStep }) });
  try {
    const databaseId = readDatabaseId(db);
    const lastId = newestId(db);
    const acknowledged = Math.max(marked?.lastId ?? 0, lastId);
    if (acknowledged > lastId) {
      const lost = noteLost(db, acknowledged, acknowledged - lastId, `${path}.marker`);
      onNotice('events that were acknowledged are not there any more', lost);
    }
    const files = new FileIdentity(path);
    const marker = Marker.write(`${path}.marker`, {
      databaseId,
      lastId: acknowledged,
      isSuspect: false,
      setAside: null,
    });
    return { db, marker, files };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite deletes the log of a database that is empty or not there; it may be all that is left of one. */
function keepOrphanedLog(path: string, onNotice: Notice): void {
  if (sizeOf(path) > 0 || sizeOf(`${path}-wal`) === 0) return;
  const kept = `${path}.orphaned-${utcStamp()}-wal`;
  renameSync(`${path}-wal`, kept);
  onNotice('the log of a database that is gone was kept', { at: kept });
}

function checkPresent(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > 0) return;
  throw new DaybookError(
    'missing_database',
    `${path} is ${size === undefined ? 'missing' : 'empty'}, and it was not when daybook last ran; bring it back from a ` +
      'backup, or begin a new one with: daybook daemon --init',
  );
}

/** Refuses another database than the one that was here, or a damaged one. Reads only, so that each stays as it is. */
function checkUnchanged(path: string, marked: Marked, onStep: OnStep | undefined): void {
  const db = openReader(path);
  try {
    const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
    if (!isEmpty && readDatabaseId(db) === marked.databaseId) {
      if (!marked.isSuspect && !isCutShort(db, path)) return;
      onStep?.('looking through the database, which may be damaged');
      checkIntegrity(db);
      return;
    }
  } finally {
    db.close();
  }
  throw new DaybookError(
    'missing_database',
    `${path} is another database than the one that was here (${marked.databaseId}); bring that one back, or take this ` +
      'one with: daybook daemon --init',
  );
}

function readDatabaseId(db: Database): string {
  return String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
}

/** The file ends before its last page. Its size only tells while nothing of it is in the log. */
function isCutShort(db: Database, path: string): boolean {
  if (sizeOf(`${path}-wal`) > 0) return false;
  const bytes = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
  return statSync(path).size < bytes;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function newestId(db: Database): number {
  const saved = Number(db.prepare("SELECT value FROM meta WHERE key = 'last_id'").pluck().get());
  return Math.max(saved, Number(db.prepare('SELECT coalesce(max(id), 0) FROM event').pluck().get()));
}

/** The log lost its end, or was deleted: SQLite calls what is left sound. Ids are not used twice all the same. */
function noteLost(db: Database, lastId: number, count: number, markerPath: string) {
  const until = statSync(markerPath).mtimeMs / 1000;
  const newest = db.prepare<[], number>('SELECT arrived FROM event ORDER BY id DESC LIMIT 1').pluck().get();
  const lost = { count, since: Math.min(newest ?? until, until), until, reason: 'lost_after_commit' };
  db.transaction(() => {
    new GapLedger(db).lost(lost, Date.now() / 1000);
    db.prepare("UPDATE meta SET value = ? WHERE key = 'last_id'").run(lastId);
  }).immediate();
  return lost;
}
