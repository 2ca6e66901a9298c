import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';

/**
 * Gives a complete file its name, and both to the disk.
 * @throws DaybookError unsafe_path when a file of that name is there and must not be replaced
 */
export function giveName(temporary: string, path: string, isReplacing: boolean): void {
  flushFile(temporary);
  if (isReplacing) renameSync(temporary, path);
  else link(temporary, path);
  flushDirectory(dirname(path));
}

export function alreadyThere(path: string): DaybookError {
  return new DaybookError('unsafe_path', `${path} is there already; replace it with --force`);
}

export function flushFile(path: string): void {
  flush(path, 'r+');
}

export function flushDirectory(path: string): void {
  try {
    flush(path, 'r');
  } catch (error) {
    // Some file systems flush no directories.
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Never over a file that somebody made meanwhile. */
function link(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(path);
    // A file system without hard links.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(path);
    renameSync(temporary, path);
    return;
  }
  rmSync(temporary);
}

function flush(path: string, flags: 'r' | 'r+'): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
