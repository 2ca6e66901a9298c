import { lstatSync, readdirSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DaybookPaths } from '../../../shared/paths.ts';

/** Something of Daybook's on the disk. */
export interface Belonging {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** All that is in it. */
  readonly bytes: number;
  /** Where a link leads to; what is there stays. */
  readonly target?: string;
}

/**
 * What Daybook has put where, of this user: database with everything beside it, backups, spools, configuration, logs.
 * Known names only: what else somebody keeps in these directories is theirs.
 */
export function belongingsOf(paths: DaybookPaths, cacheDirectory: string): Belonging[] {
  const { dataDirectory, configDirectory, logDirectory, database } = paths;
  const ofDatabase = startsWithName(basename(database));
  const found = [
    ...among(dirname(database), ofDatabase),
    ...among(dataDirectory, (name) =>
      /^(?:daybook\.(?:sock|lock|lock\.owner|starting(?:\.\d+\.new)?)|new\.\d+|spool|backups)$/.test(name),
    ),
    ...among(configDirectory, (name) => /^config\.json(?:\.\d+\.new)?$/.test(name)),
    ...among(logDirectory, (name) => /^(?:daybook\.log(?:\.\d+)?|daemon\.(?:out|err)\.log)$/.test(name)),
    ...among(dirname(cacheDirectory), (name) => name === basename(cacheDirectory)),
  ];
  return [...new Map(found.map((each) => [each.path, each])).values()];
}

/** Deletes it, and of a link only the link. */
export function discard({ path, kind }: Belonging): void {
  rmSync(path, { recursive: kind === 'directory', force: true });
}

/** Removes the directories that are empty now, and returns what is left in the others. */
export function removeEmptied(directories: readonly string[]): string[] {
  return directories.flatMap((directory) => {
    if (!isDirectory(directory)) return [];
    const left = readdirSync(directory).map((name) => join(directory, name));
    if (left.length === 0) rmdirSync(directory);
    return left;
  });
}

function startsWithName(base: string): (name: string) => boolean {
  return (name) => name === base || name.startsWith(`${base}-`) || name.startsWith(`${base}.`);
}

/** Nothing of a directory that is a link: what it leads to is elsewhere. */
function among(directory: string, isOurs: (name: string) => boolean): Belonging[] {
  if (!isDirectory(directory)) return [];
  return readdirSync(directory)
    .filter(isOurs)
    .map((name) => belongingAt(join(directory, name)));
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function belongingAt(path: string): Belonging {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return { path, kind: 'link', bytes: 0, target: readlinkSync(path) };
  if (!stat.isDirectory()) return { path, kind: 'file', bytes: stat.size };
  const inside = readdirSync(path).map((name) => belongingAt(join(path, name)).bytes);
  return { path, kind: 'directory', bytes: inside.reduce((sum, bytes) => sum + bytes, 0) };
}
