import Sqlite from 'better-sqlite3';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { DaybookError } from '../../shared/errors.ts';
import { noteLook } from '../../shared/last-look.ts';
import type { BackupProgress, Existing, RestoreOrder, RestoreReport } from '../../shared/messages/backup.ts';
import { InstanceLock } from '../lifecycle/instance-lock.ts';
import { ensureDatabaseDirectory, ensurePrivateDirectory, realDatabasePath } from '../lifecycle/private-paths.ts';
import { ensureWritable } from '../lifecycle/writable-paths.ts';
import { removeSearchIndex, searchIndexPath } from '../search/index-file.ts';
import { GapLedger } from '../storage/gap-ledger.ts';
import { Marker } from '../storage/marker.ts';
import { checkSchemaVersion } from '../storage/migrate.ts';
import { utcStamp } from '../storage/replace-damaged.ts';
import { checkBackupHead } from './backup-head.ts';
import { checkEverything } from './check-database.ts';
import { checkRoom, isOutOfRoom, type SnapshotFacts, snapshotFacts } from './copy-snapshot.ts';
import { flushDirectory, flushFile } from './give-name.ts';

export interface RestoreEvents {
  onProgress: (progress: BackupProgress) => void;
  /** Asked when a database would be set aside and the order does not say that it may be. */
  confirm: (existing: Existing) => Promise<boolean>;
}

/** The first schema that knows gaps. */
const SCHEMA_WITH_GAPS = 2;

/**
 * Puts a backup in the place of the database, while no daemon runs. What was there is set aside whole. Can be ended at any
 * point: until the new database has its name the old one is there, or the marker says that there was one and the daemon
 * refuses to start.
 *
 * Ids that were given after the backup belong to events that clients may have seen. In the same history ids go on behind all
 * of them: the marker remembers the highest, and the next start notes what is gone as a gap. Where nothing is known of that
 * history, the database gets a new id, so that nobody takes its ids for those given before.
 *
 * @throws DaybookError already_running, unsafe_path, missing_database, damaged_database, foreign_database, newer_schema,
 *   disk_full; SqliteError and errors of the system for a disk that fails
 */
export async function restoreBackup(
  { databasePath, dataDirectory, file, isAgreed }: RestoreOrder,
  { onProgress, confirm }: RestoreEvents,
): Promise<RestoreReport> {
  const startedMs = performance.now();
  ensurePrivateDirectory(dataDirectory);
  ensureDatabaseDirectory(dirname(databasePath));
  const database = realDatabasePath(databasePath);
  const files = ['', '-wal', '-shm', '.lock'].map((suffix) => database + suffix);
  ensureWritable([dataDirectory, dirname(database), ...files, `${databasePath}.marker`]);
  const locks = [join(dataDirectory, 'daybook.lock'), `${database}.lock`].map((path) => InstanceLock.acquire(path));
  const fresh = `${database}.restore`;
  const remove = () => ['', '-journal'].forEach((suffix) => rmSync(fresh + suffix, { force: true }));
  process.once('exit', remove);
  try {
    remove();
    checkBackupHead(file, database);
    const existing = lookAtExisting(database);
    if (existing !== undefined && !isAgreed && !(await confirm(existing))) {
      throw new DaybookError('unsafe_path', 'nothing was restored');
    }
    checkRoom(dirname(database), statSync(file).size);
    // What is looked through is what is taken, whatever becomes of the file meanwhile.
    copyFileSync(file, fresh, constants.COPYFILE_FICLONE);
    chmodSync(fresh, 0o600);
    const facts = checkEverything(fresh, file, (done, total) => onProgress({ step: 'checking', done, total }));
    const { databaseId, idsAfter } = continueHistory(fresh, facts, databasePath, existing);
    flushFile(fresh);

    removeSearchIndex(searchIndexPath(databasePath));
    if (existing !== undefined) setAside(database, existing.set_aside);
    for (const suffix of ['-wal', '-shm']) rmSync(database + suffix, { force: true });
    renameSync(fresh, database);
    flushDirectory(dirname(database));
    noteLook(databasePath, { database_id: databaseId, at: Date.now() / 1000, checked: facts.events, sound: true });
    return {
      file,
      database,
      database_id: databaseId,
      set_aside: existing?.set_aside ?? null,
      events: facts.events,
      last_id: facts.lastId,
      ids_after: idsAfter,
      duration_ms: Math.round(performance.now() - startedMs),
    };
  } catch (error) {
    throw isOutOfRoom(error)
      ? new DaybookError('disk_full', `the disk of ${dirname(database)} is full: nothing was restored; make room on it`)
      : error;
  } finally {
    remove();
    process.off('exit', remove);
    for (const lock of locks.toReversed()) lock.release();
  }
}

interface ExistingDatabase extends Existing {
  databaseId: string | null;
}

/** The database that is there, or what is left of one, its log folded into it where it can be. */
function lookAtExisting(database: string): ExistingDatabase | undefined {
  if (![database, `${database}-wal`].some((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0)) {
    return undefined;
  }
  const found = { database, set_aside: unusedName(`${database}.replaced-${utcStamp()}`) };
  if (!existsSync(database)) return { ...found, databaseId: null, last_id: null };
  let db: Sqlite.Database | undefined;
  try {
    db = new Sqlite(database, { timeout: 1_000 });
    if (checkSchemaVersion(db) === 0) return { ...found, databaseId: null, last_id: null };
    db.pragma('wal_checkpoint(TRUNCATE)');
    const { databaseId, lastId } = snapshotFacts(db);
    return { ...found, databaseId, last_id: lastId };
  } catch {
    // Damaged, or not ours: it is set aside as it is.
    return { ...found, databaseId: null, last_id: null };
  } finally {
    db?.close();
  }
}

/** Nothing that was set aside is written over, in the same second neither. */
function unusedName(path: string): string {
  let name = path;
  for (let n = 2; ['', '-wal', '-shm'].some((suffix) => existsSync(name + suffix)); n += 1) name = `${path}-${n}`;
  return name;
}

/** Sees to it that no id is given twice under one database id. */
function continueHistory(
  fresh: string,
  facts: SnapshotFacts,
  databasePath: string,
  existing: ExistingDatabase | undefined,
): { databaseId: string; idsAfter: number } {
  const markerPath = `${databasePath}.marker`;
  const marked = Marker.read(markerPath);
  const known = [
    marked?.databaseId === facts.databaseId ? marked.lastId : null,
    existing?.databaseId === facts.databaseId ? existing.last_id : null,
  ].filter((id) => id !== null);
  if (known.length === 0) {
    // Without one the next start takes the database that it finds, this one or the one before.
    Marker.remove(markerPath);
    return { databaseId: beginAnotherHistory(fresh), idsAfter: facts.lastId };
  }
  const { databaseId } = facts;
  const idsAfter = Math.max(facts.lastId, ...known);
  const atMs = statSync(markerPath, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  Marker.write(markerPath, { databaseId, lastId: idsAfter, isSuspect: false, setAside: null }).close();
  // The database that knew of these ids goes, and a marker is not flushed while a daemon runs.
  flushFile(markerPath);
  // The gap ends when the last event was acknowledged.
  utimesSync(markerPath, atMs / 1000, atMs / 1000);
  return { databaseId, idsAfter };
}

/** Returns the new id of the database. Nobody can tell what is missing behind its newest event. */
function beginAnotherHistory(fresh: string): string {
  const databaseId = randomUUID();
  const db = new Sqlite(fresh);
  try {
    db.transaction(() => {
      const nowSeconds = Date.now() / 1000;
      const newest = db.prepare<[], number>('SELECT arrived FROM event ORDER BY id DESC LIMIT 1').pluck().get();
      if (Number(db.pragma('user_version', { simple: true })) >= SCHEMA_WITH_GAPS && newest !== undefined) {
        const since = Math.min(newest, nowSeconds);
        new GapLedger(db).lost({ count: 0, since, until: nowSeconds, reason: 'lost_after_commit' }, nowSeconds);
      }
      db.prepare("UPDATE meta SET value = ? WHERE key = 'database_id'").run(databaseId);
    }).immediate();
  } finally {
    db.close();
  }
  return databaseId;
}

/** At no moment is there no database, where the file system has links and the log could be folded in. */
function setAside(database: string, aside: string): void {
  if (existsSync(database) && !existsSync(`${database}-wal`)) {
    try {
      linkSync(database, aside);
      flushDirectory(dirname(database));
      return;
    } catch {
      // Renamed like the others.
    }
  }
  // The database first: its log alone is never taken for a database, and one without its log would be taken for whole.
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(database + suffix)) renameSync(database + suffix, aside + suffix);
  }
}
