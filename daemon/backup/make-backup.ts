import { accessSync, constants, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { noteBackup } from '../../shared/backup-note.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { BackupOrder, BackupProgress, BackupReport } from '../../shared/messages/backup.ts';
import { realDatabasePath } from '../lifecycle/private-paths.ts';
import { openReader } from '../storage/open-database.ts';
import { backupName, backupsIn, partialOf, sweepPartials } from './backup-names.ts';
import { checkCopy } from './check-database.ts';
import { checkThereIsOne, copySnapshot, isOutOfRoom, type SnapshotFacts, snapshotFacts } from './copy-snapshot.ts';
import { alreadyThere, giveName } from './give-name.ts';

/** Files of a database under whose names nothing else may come. */
const SUFFIXES = ['', '-wal', '-shm', '.marker', '.lock', '.search'];

/**
 * Makes a backup: a database file that holds what this one does at one moment. It appears under its name when it has been
 * looked through and is on the disk. The search index is not in it; it is made anew from the events.
 *
 * @throws DaybookError unsafe_path, disk_full, missing_database, damaged_database, foreign_database, newer_schema;
 *   SqliteError and errors of the system for a disk that fails
 */
export async function makeBackup(
  order: BackupOrder,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupReport> {
  const startedMs = performance.now();
  const { databasePath, directory, isReplacing, kept } = order;
  checkThereIsOne(databasePath);
  const { databaseId } = currentFacts(databasePath);
  if (order.file === undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = order.file ?? join(directory, backupName(databaseId));
  checkTarget(file, databasePath, isReplacing);
  sweepPartials(file);

  const partial = partialOf(file);
  const remove = () => ['', '-journal'].forEach((suffix) => rmSync(partial + suffix, { force: true }));
  process.once('exit', remove);
  try {
    const snapshot = await copySnapshot(databasePath, partial, (done, total) =>
      onProgress({ step: 'copying', done, total }),
    );
    onProgress({ step: 'checking', done: 0, total: snapshot.events });
    checkCopy(partial, snapshot);
    const bytes = statSync(partial).size;
    giveName(partial, file, isReplacing);
    const duration_ms = Math.round(performance.now() - startedMs);
    const report = { file, bytes, events: snapshot.events, last_id: snapshot.lastId, duration_ms };
    noteBackup(databasePath, databaseId, { at: Date.now() / 1000, ...report });
    if (kept !== undefined)
      backupsIn(directory, databaseId)
        .slice(0, -kept)
        .forEach((old) => rmSync(old));
    return report;
  } catch (error) {
    throw refusal(error, dirname(file));
  } finally {
    remove();
    process.off('exit', remove);
  }
}

function refusal(error: unknown, directory: string): unknown {
  if (isOutOfRoom(error)) {
    return new DaybookError('disk_full', `the disk of ${directory} is full: no backup was made; make room on it`);
  }
  if (!(error instanceof DaybookError) || error.code !== 'damaged_database') return error;
  const cure = "no backup was made; 'daybook verify' says whether the database itself is damaged";
  return new DaybookError('damaged_database', `the copy ${error.message};\n${cure}`, { cause: error });
}

function currentFacts(databasePath: string): SnapshotFacts {
  const db = openReader(databasePath);
  try {
    return snapshotFacts(db);
  } finally {
    db.close();
  }
}

/** @throws DaybookError unsafe_path */
function checkTarget(file: string, databasePath: string, isReplacing: boolean): void {
  const directory = dirname(file);
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) throw unusable(`the directory ${directory} is missing; make it: mkdir -p '${directory}'`);
  if (!stat.isDirectory()) throw unusable(`${directory} is no directory`);
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const isReadOnly = (error as NodeJS.ErrnoException).code === 'EROFS';
    const why = isReadOnly ? 'its file system is read-only' : `it belongs to user ${stat.uid}`;
    throw unusable(`nothing can be written into ${directory}: ${why}; name a file elsewhere`);
  }
  // A directory may have several names.
  const database = realDatabasePath(databasePath);
  const isSamePlace = sameFile(directory, dirname(database));
  if (isSamePlace && SUFFIXES.some((suffix) => basename(file) === basename(database) + suffix)) {
    throw unusable(`${file} is a file of the database itself; name another one`);
  }
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (!existing.isFile()) throw unusable(`${file} is there already and is no file`);
  if (sameFile(file, database)) throw unusable(`${file} is the database itself; name another file`);
  if (!isReplacing) throw alreadyThere(file);
}

function sameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

function unusable(message: string): DaybookError {
  return new DaybookError('unsafe_path', message);
}
