import type { FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import type { DueWork } from './activity.ts';
import type { Identity, KnownFile } from './known-file.ts';

export type KnownEntry = KnownFile | CapturedDirectory;

/** Work that a directory waits for. */
export interface PendingWork extends DueWork {
  /** The scan goes on into every directory below. */
  deep: boolean;
}

/**
 * A directory in the index: what is known to lie in it, and its watch.
 *
 * It begins `unlisted`: it is known, but what lies in it is not. The first complete scan lists it. It ends `gone`: it was
 * deleted, moved away or replaced by something that is not a directory. A gone directory never comes back; should one
 * appear at the path again, that is a new object. Work that finds its directory gone must stop without a word.
 */
export class CapturedDirectory {
  readonly kind = 'directory';
  readonly parent: CapturedDirectory | undefined;
  readonly name: string;
  readonly path: string;
  /** Found by the initial scan: what its first scan finds existed before and gives no events. */
  readonly initial: boolean;
  readonly entries = new Map<string, KnownEntry>();
  identity: Identity;
  unlisted = true;
  gone = false;
  /** Whether changes in it are noticed: by its own watch or by the one of its root. */
  watched = false;
  watcher: FSWatcher | undefined;
  /** A directory that cannot be read is reported once. */
  problemReported = false;
  /** Since when scans do not find it where it was, although nothing says that it is gone. */
  missingSinceMs: number | undefined;
  lastScanMs = 0;
  #pending: PendingWork | undefined;

  constructor(parent: CapturedDirectory | undefined, path: string, identity: Identity, initial: boolean) {
    this.parent = parent;
    this.name = basename(path);
    this.path = path;
    this.identity = { ino: identity.ino, birthtimeMs: identity.birthtimeMs };
    this.initial = initial;
  }

  /** The work it waits for, to be added to. */
  get pending(): PendingWork {
    this.#pending ??= { looks: new Set(), settledLooks: new Set(), scan: false, rewatch: false, deep: false };
    return this.#pending;
  }

  takePending(): PendingWork {
    const work = this.pending;
    this.#pending = undefined;
    return work;
  }
}
