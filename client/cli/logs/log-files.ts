import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { limits } from '../../../shared/limits.ts';
import { LineSplitter } from './line-splitter.ts';

const PIECE_BYTES = 256 * 1024;

interface OpenFile {
  /** Descriptor. */
  file: number;
  identity: string;
  /** Up to here it has been read, bytes. */
  position: number;
}

/**
 * The log through its rotations (`daybook.log` becomes `.1`, `.1` becomes `.2`, …), from the oldest line that is kept. It
 * holds the file it has come to open: under whatever name it goes on, nothing in it is missed or read twice.
 */
export class LogFiles {
  readonly #path: string;
  readonly #splitter = new LineSplitter();
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  /** Open files, oldest first; the first is being read. */
  #files: OpenFile[] = [];
  /** Files that were rotated away before they were read; said once. */
  isIncomplete = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The next whole lines; undefined when there are none for now. */
  read(): string[] | undefined {
    for (;;) {
      const [current] = this.#files;
      if (current === undefined) {
        if (!this.#open()) return undefined;
        continue;
      }
      if (fstatSync(current.file).size < current.position) {
        // Somebody has emptied it.
        current.position = 0;
        this.#splitter.clear();
      }
      const bytes = readSync(current.file, this.#piece, 0, PIECE_BYTES, current.position);
      current.position += bytes;
      if (bytes > 0) {
        const lines = this.#splitter.take(this.#piece.subarray(0, bytes));
        if (lines.length > 0) return lines;
        continue;
      }
      if (this.#files.length === 1 && !this.#open()) return undefined;
      // Renamed before the newer one was begun, so nothing more is written to it; but it may have been meanwhile.
      if (fstatSync(current.file).size > current.position) continue;
      closeSync(current.file);
      this.#files.shift();
      this.#splitter.clear();
    }
  }

  close(): void {
    for (const { file } of this.#files) closeSync(file);
    this.#files = [];
  }

  /** Opens what is newer than the file that is held, or all there is; false when there is nothing. */
  #open(): boolean {
    const held = this.#files[0]?.identity;
    const found: OpenFile[] = [];
    let isHeldFound = false;
    for (let index = 0; index <= limits.logFilesKept; index += 1) {
      const opened = openFile(index === 0 ? this.#path : `${this.#path}.${index}`);
      if (opened === undefined) continue;
      isHeldFound = opened.identity === held;
      // A rotation under way shows one file under two names.
      const isKnown = isHeldFound || found.some(({ identity }) => identity === opened.identity);
      if (isKnown) closeSync(opened.file);
      else found.unshift(opened);
      if (isHeldFound) break;
    }
    // The file that is written to has come last, or a rotation has begun since: then another look is needed.
    const isCurrent = identityAt(this.#path) === (found.at(-1)?.identity ?? held);
    if (!isCurrent) {
      for (const { file } of found) closeSync(file);
      return identityAt(this.#path) === undefined ? false : this.#open();
    }
    if (held !== undefined && !isHeldFound && found.length > 0) this.isIncomplete = true;
    this.#files.push(...found);
    return found.length > 0;
  }
}

function openFile(path: string): OpenFile | undefined {
  try {
    const file = openSync(path, 'r');
    return { file, identity: identityOf(fstatSync(file)), position: 0 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function identityAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && identityOf(stat);
}

function identityOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev} ${ino}`;
}
