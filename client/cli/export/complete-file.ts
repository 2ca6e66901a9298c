import { once } from 'node:events';
import {
  closeSync,
  createWriteStream,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';

/** Where an export goes that is written from beginning to end, or not at all. */
export interface Destination {
  /** Runs `fill` on a stream; what it wrote appears under the name of the file when it succeeds. */
  write: (fill: (output: Writable) => Promise<void>) => Promise<void>;
}

/** A file of this name. @throws when there is one already and may not be replaced, or it is a directory */
export function destinationFor(file: string, isReplacing: boolean): Destination {
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing === undefined) return completeFile(file, false);
  if (existing.isDirectory()) throw new Error(`${file} is a directory`);
  // A device or a pipe is written to; only a file is replaced.
  if (!existing.isFile()) return { write: (fill) => fill(createWriteStream(file)) };
  if (!isReplacing) throw alreadyThere(file);
  return completeFile(realpathSync(file), true);
}

/**
 * The file under a temporary name beside its own, private, flushed to the disk before it gets its name. Nothing is left
 * of it after a failure or an interruption.
 */
function completeFile(path: string, isReplacing: boolean): Destination {
  const temporary = `${path}.${process.pid}.partial`;
  const remove = () => rmSync(temporary, { force: true });
  return {
    async write(fill) {
      for (const [signal, exitCode] of [
        ['SIGINT', 130] as const,
        ['SIGTERM', 143] as const,
        ['SIGHUP', 129] as const,
      ]) {
        process.once(signal, () => {
          remove();
          process.exit(exitCode);
        });
      }
      remove();
      try {
        const output = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true });
        await fill(output);
        if (!output.closed) await once(output, 'close');
        if (isReplacing) renameSync(temporary, path);
        else giveName(temporary, path);
      } catch (error) {
        remove();
        throw error;
      }
      flushDirectory(dirname(path));
    },
  };
}

/** Renames, but never over a file that somebody made meanwhile. */
function giveName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(path);
    // A file system without hard links.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) throw alreadyThere(path);
    renameSync(temporary, path);
    return;
  }
  rmSync(temporary);
}

function alreadyThere(file: string): Error {
  return new Error(`${file} is there already; replace it with --force`);
}

function flushDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Some file systems flush no directories.
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}
