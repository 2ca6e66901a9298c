import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Names of the files anywhere below a directory that hold a text, as it is. */
export function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readIfThere(path).includes(text))
    .map((path) => basename(path));
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  }
}
