import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileCaptureCounters } from './capture-counters.ts';
import type { CapturedDirectory } from './captured-directory.ts';
import type { DirectoryWatches } from './directory-watches.ts';
import type { RecordFile } from './file-event.ts';
import type { Settling } from './settling.ts';

/** A large tree can vanish in one rename; after this many events the rest of the process gets a turn. */
const eventsPerTurn = 1_000;

/** Takes entries out of the index, with everything below them, and records their deletion. */
export class EntryRemoval {
  readonly #watches: DirectoryWatches;
  readonly #settling: Settling;
  readonly #counters: FileCaptureCounters;
  readonly #record: RecordFile;
  #eventsThisTurn = 0;

  constructor(parts: {
    watches: DirectoryWatches;
    settling: Settling;
    counters: FileCaptureCounters;
    record: RecordFile;
  }) {
    this.#watches = parts.watches;
    this.#settling = parts.settling;
    this.#counters = parts.counters;
    this.#record = parts.record;
  }

  /** The entry is gone from the file system: an event for it and for each path below it, from the leaves up. */
  async remove(directory: CapturedDirectory, name: string): Promise<void> {
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    if (entry.kind === 'directory') {
      this.retire(entry);
      await this.#drain(entry);
    }
    // A removal of a directory further up may have been faster while this one waited for its turn.
    if (!directory.entries.delete(name)) return;
    if (entry.kind !== 'directory') this.#counters.filesKnown -= 1;
    this.#record('delete', { path: join(directory.path, name), kind: entry.kind });
  }

  async removeRoot(root: CapturedDirectory): Promise<void> {
    this.retire(root);
    await this.#drain(root);
    this.#record('delete', { path: root.path, kind: 'directory' });
  }

  /** Ends the directory and those below it: no watch, no timer, and running work stops at its next step. */
  retire(directory: CapturedDirectory): void {
    directory.gone = true;
    this.#watches.detach(directory);
    this.#settling.forget(directory);
    for (const entry of directory.entries.values()) if (entry.kind === 'directory') this.retire(entry);
  }

  async #drain(directory: CapturedDirectory): Promise<void> {
    for (const [name, entry] of directory.entries) {
      if (entry.kind === 'directory') await this.#drain(entry);
      if (!directory.entries.delete(name)) continue;
      if (entry.kind !== 'directory') this.#counters.filesKnown -= 1;
      this.#record('delete', { path: join(directory.path, name), kind: entry.kind });
      this.#eventsThisTurn += 1;
      if (this.#eventsThisTurn >= eventsPerTurn) {
        this.#eventsThisTurn = 0;
        await nextTurn();
      }
    }
  }
}
