import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBlock, encodeBlock } from './block.ts';
import { gapsName } from './file-names.ts';
import type { GapRun } from './gap-runs.ts';
import type { Owner } from './owner.ts';
import { readSpoolFile, removeFile, type SpoolDirectory } from './spool-directory.ts';

export interface GapFileContent {
  producer: string;
  epoch: string;
  runs: GapRun[];
}

/** Keeps what the daemon has not been told of, beyond the end of the process. */
export class GapFile {
  readonly #directory: SpoolDirectory;
  readonly #producer: string;
  readonly #epoch: string;
  readonly #owner: () => Owner;
  #isThere: boolean;

  /** @param isThere whether the file is there already */
  constructor(
    directory: SpoolDirectory,
    origin: { producer: string; epoch: string },
    owner: () => Owner,
    isThere: boolean,
  ) {
    this.#directory = directory;
    this.#producer = origin.producer;
    this.#epoch = origin.epoch;
    this.#owner = owner;
    this.#isThere = isThere;
  }

  /** Replaces what the file says; nothing to say, no file. @throws the system's error, or unsafe_path */
  write(runs: readonly GapRun[]): void {
    const path = join(this.#directory.path, gapsName(this.#epoch, this.#owner()));
    if (runs.length === 0) {
      if (this.#isThere) removeFile(path);
      this.#isThere = false;
      return;
    }
    this.#directory.make();
    const content = encodeBlock({ producer: this.#producer, epoch: this.#epoch, runs });
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#isThere = true;
  }
}

/** Undefined when the file is damaged or not readable; `newer` when another version wrote it. */
export function readGapFile(path: string): GapFileContent | 'newer' | undefined {
  try {
    const block = decodeBlock(readSpoolFile(path));
    return typeof block === 'object' ? (block.value as GapFileContent) : block;
  } catch {
    return undefined;
  }
}
