import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What is on the disk, bytes as `ls -l` shows them. */
export interface FileUsage {
  database: number;
  /** The write-ahead log and its index. */
  log: number;
  /** The full-text index, its log and the index of that. */
  search: number;
  /** What else stands beside the database under its name: copies of older schemas, databases that were set aside. */
  beside: number;
  backups: number;
  spools: number;
}

export function fileUsage({
  database,
  backups,
  spools,
}: {
  database: string;
  backups: string;
  spools: string;
}): FileUsage {
  const log = sizeOf(`${database}-wal`) + sizeOf(`${database}-shm`);
  const search = ['', '-wal', '-shm'].reduce((sum, suffix) => sum + sizeOf(`${database}.search${suffix}`), 0);
  const named = namesIn(dirname(database)).filter((name) => name.startsWith(basename(database)));
  const together = named.reduce((sum, name) => sum + sizeOf(join(dirname(database), name)), 0);
  const own = sizeOf(database);
  return {
    database: own,
    log,
    search,
    beside: together - own - log - search,
    backups: sizeBelow(backups, (name) => backups !== dirname(database) || BACKUP.test(name)),
    spools: sizeBelow(spools),
  };
}

/** Where backups are beside the database, they are told by their names. */
const BACKUP = /^events-[\da-f]{8}-\d{8}T\d{9}Z\.db/;

/** A directory has nothing of its own here. What is not there, or may not be looked at, has none. */
function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat.size : 0;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sizeBelow(directory: string, isCounted: (name: string) => boolean = () => true): number {
  return namesIn(directory)
    .filter(isCounted)
    .reduce((sum, name) => {
      const path = join(directory, name);
      const isDirectory = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      return sum + (isDirectory ? sizeBelow(path) : sizeOf(path));
    }, 0);
}
