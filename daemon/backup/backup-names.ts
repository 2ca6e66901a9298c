import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../../shared/is-running.ts';

/** The name of a backup to which nobody gave one: `events-7f3c2a10-20261122T101500123Z.db`. By name they are by age. */
export function backupName(databaseId: string, time = new Date()): string {
  return `${prefixOf(databaseId)}${time.toISOString().replaceAll(/[-:.]/g, '')}.db`;
}

/**
 * Paths of the backups of this database that are in a directory under such a name, the oldest first. One with a time in the
 * future was made while the clock was wrong: it counts as older than all others, or none made since would be kept.
 */
export function backupsIn(directory: string, databaseId: string, now = new Date()): string[] {
  const prefix = prefixOf(databaseId);
  const newest = backupName(databaseId, now);
  const names = readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && /^\d{8}T\d{9}Z\.db$/.test(name.slice(prefix.length)))
    .toSorted();
  const past = names.filter((name) => name <= newest);
  return [...names.slice(past.length), ...past].map((name) => join(directory, name));
}

/** Where a backup is written until it is complete. */
export function partialOf(file: string): string {
  return `${file}.${process.pid}.partial`;
}

/** Removes what ended processes have left of backups to this file, or to others that nobody had named. */
export function sweepPartials(file: string): void {
  const directory = dirname(file);
  const names = [escaped(basename(file)), String.raw`events-[0-9a-f]{8}-\d{8}T\d{9}Z\.db`];
  const pattern = new RegExp(String.raw`^(?:${names.join('|')})\.(\d+)\.partial(?:-journal)?$`);
  for (const name of readdirSync(directory)) {
    const pid = Number(pattern.exec(name)?.[1]);
    if (Number.isInteger(pid) && (pid === process.pid || !isRunning(pid)))
      rmSync(join(directory, name), { force: true });
  }
}

function prefixOf(databaseId: string): string {
  return `events-${databaseId.slice(0, 8)}-`;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w-]/g, String.raw`\$&`);
}
