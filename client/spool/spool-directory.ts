import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync, renameSync } from 'node:fs';
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFileName, type SpoolFileName, withOwner } from './file-names.ts';
import type { Owner } from './owner.ts';
import { checkPrivateDirectory, makePrivateDirectory } from './private-directory.ts';

export interface SpoolFile {
  path: string;
  name: SpoolFileName;
  bytes: number;
  modifiedMs: number;
}

/** The files of one client name. Every method but `list` and `tidy` throws the system's error, or unsafe_path. */
export class SpoolDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  make(): void {
    makePrivateDirectory(dirname(this.path));
    makePrivateDirectory(this.path);
  }

  /** All files, ours by name or not; empty when there is no directory. @throws DaybookError unsafe_path */
  list(): { files: SpoolFile[]; totalBytes: number } {
    const files: SpoolFile[] = [];
    let totalBytes = 0;
    if (!checkPrivateDirectory(dirname(this.path)) || !checkPrivateDirectory(this.path)) return { files, totalBytes };
    for (const entry of readdirSync(this.path)) {
      const path = join(this.path, entry);
      // Others may take or delete it at any moment.
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isFile()) continue;
      totalBytes += stat.size;
      const name = parseFileName(entry);
      if (name !== undefined) files.push({ path, name, bytes: stat.size, modifiedMs: stat.mtimeMs });
    }
    return { files, totalBytes };
  }

  /** Gives a file another owner. Undefined when somebody else was faster. */
  claim(file: SpoolFile, owner: Owner | 'free'): SpoolFile | undefined {
    const path = join(this.path, withOwner(file.name, owner));
    try {
      renameSync(file.path, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return { ...file, path, name: { ...file.name, owner } };
  }

  /** Removes the directory when nothing is left in it. */
  tidy(): void {
    try {
      rmdirSync(this.path);
    } catch {
      // Something is left, or nothing was ever there.
    }
  }
}

/** A file that may be gone already. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The bytes of a file that is no link, or its first ones. @throws the system's error */
export function readSpoolFile(path: string, maxBytes?: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${path} is no file`);
    if (maxBytes === undefined) return readFileSync(fd);
    const bytes = Buffer.alloc(maxBytes);
    return bytes.subarray(0, readSync(fd, bytes, 0, maxBytes, 0));
  } finally {
    closeSync(fd);
  }
}
