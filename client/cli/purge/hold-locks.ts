import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DaybookError } from '../../../shared/errors.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';

const SQLITE_BUSY = 5;

/**
 * Holds what a daemon of this home would have to hold, so that none can start meanwhile.
 * @returns frees it again
 * @throws DaybookError already_running, naming the owner
 */
export function holdLocks({ dataDirectory, database }: DaybookPaths): () => void {
  const real = existsSync(database) ? realpathSync(database) : database;
  const paths = [join(dataDirectory, 'daybook.lock'), `${real}.lock`].filter((path) => existsSync(path));
  const held: DatabaseSync[] = [];
  const free = () => {
    for (const db of held) db.close();
  };
  try {
    for (const path of paths) {
      const db = new DatabaseSync(path, { timeout: 0 });
      held.push(db);
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    }
    return free;
  } catch (error) {
    free();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY) throw error;
    const owners = paths.flatMap((path) => ownerOf(`${path}.owner`));
    const who = owners[0] === undefined ? 'a daemon' : `a daemon (pid ${owners[0]})`;
    const cure = owners[0] === undefined ? 'end it' : `end it (kill ${owners[0]})`;
    throw new DaybookError(
      'already_running',
      `${who} uses these files, so nothing was deleted; ${cure} and repeat this`,
      {
        cause: error,
      },
    );
  }
}

function ownerOf(path: string): string[] {
  try {
    return /^\d+/.exec(readFileSync(path, 'utf8')) ?? [];
  } catch {
    return [];
  }
}
