import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readBackupNote } from '../../../shared/backup-note.ts';

/** A file that has what the database had at some time. */
export interface Copy {
  path: string;
  bytes: number;
  /** Seconds since 1970. */
  modified: number;
}

/** What is set aside beside a database: damaged ones, those of an older schema, those that a restore has replaced. */
export function copiesBeside(databasePath: string): Copy[] {
  const name = basename(databasePath);
  const isCopy = (file: string) =>
    file.startsWith(`${name}.`) && /^(?:corrupt|schema|orphaned|replaced)-/.test(file.slice(name.length + 1));
  return filesIn(dirname(databasePath), isCopy);
}

/** Backups in their directory, and the last one, wherever it was made. */
export function backupsOf(databasePath: string, directory: string): Copy[] {
  const last = readBackupNote(databasePath, undefined).last?.file;
  const found = filesIn(directory, (file) => /\.db(?:\.\d+\.partial)?$/.test(file));
  const elsewhere = last === undefined || found.some(({ path }) => path === last) ? undefined : copyAt(last);
  return elsewhere === undefined ? found : [...found, elsewhere];
}

/** @throws the system's error */
export function deleteCopies(copies: readonly Copy[]): void {
  for (const { path } of copies) rmSync(path, { force: true });
}

function filesIn(directory: string, isWanted: (name: string) => boolean): Copy[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.filter(isWanted).flatMap((name) => copyAt(join(directory, name)) ?? []);
}

function copyAt(path: string): Copy | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? { path, bytes: stat.size, modified: stat.mtimeMs / 1000 } : undefined;
}
