import { watch } from 'node:fs';
import { sep } from 'node:path';
import type { FileCaptureCounters } from './capture-counters.ts';
import { isAbsence } from './capture-problems.ts';
import type { CaptureProblems } from './capture-problems.ts';
import type { CapturedDirectory } from './captured-directory.ts';
import type { LossGuard } from './loss-guard.ts';
import type { Settling } from './settling.ts';
import type { SkipRule } from './skip-rule.ts';
import type { WatchScope } from './watch-scope.ts';

/** Attaches the system's watches to directories and tells `Settling` what they notice. A notice is only ever a hint. */
export class DirectoryWatches {
  readonly #scope: WatchScope;
  readonly #rule: SkipRule;
  readonly #settling: Settling;
  readonly #guard: LossGuard;
  readonly #problems: CaptureProblems;
  readonly #counters: FileCaptureCounters;

  constructor(parts: {
    scope: WatchScope;
    rule: SkipRule;
    settling: Settling;
    guard: LossGuard;
    problems: CaptureProblems;
    counters: FileCaptureCounters;
  }) {
    this.#scope = parts.scope;
    this.#rule = parts.rule;
    this.#settling = parts.settling;
    this.#guard = parts.guard;
    this.#problems = parts.problems;
    this.#counters = parts.counters;
  }

  /**
   * Watches the directory, anew if it was watched. Says whether it is watched now; when it is not because nothing is
   * there any more, whoever looks at the directory next will find out.
   */
  attach(directory: CapturedDirectory): boolean {
    if (this.#scope === 'tree' && directory.parent !== undefined) {
      this.#setWatched(directory, directory.parent.watched);
      return directory.watched;
    }
    const previous = directory.watcher;
    directory.watcher = this.#open(directory);
    // Closed after the new one is open: for the same inode the kernel's watch is shared and stays without a gap.
    previous?.close();
    this.#setWatched(directory, directory.watcher !== undefined);
    return directory.watched;
  }

  detach(directory: CapturedDirectory): void {
    if (directory.watcher !== undefined) this.#guard.noticed(); // closing queues one last notice, which reaches nobody
    directory.watcher?.close();
    directory.watcher = undefined;
    this.#setWatched(directory, false);
  }

  #open(directory: CapturedDirectory): CapturedDirectory['watcher'] {
    try {
      const watcher = watch(directory.path, { recursive: this.#scope === 'tree' }, (kind, path) => {
        if (directory.watcher === watcher) this.#noticed(directory, kind, path);
      });
      watcher.on('error', (error) => {
        this.#problems.directoryFailed(directory, error);
        this.#settling.doubt(directory);
      });
      return watcher;
    } catch (error) {
      if (!isAbsence(error)) this.#problems.directoryFailed(directory, error);
      return undefined;
    }
  }

  /** @param path below the directory: a name, or in a `tree` several names. null when the system does not say. */
  #noticed(directory: CapturedDirectory, kind: string, path: string | null): void {
    this.#guard.noticed();
    if (path === null) {
      this.#settling.rescan(directory);
      return;
    }
    // The directory's own deletion, move or unmount comes under its own name; so does a child that is called the same.
    if (this.#scope === 'directory' && kind === 'rename' && path === directory.name) this.#settling.doubt(directory);

    const names = path.split(sep);
    const last = names.pop() ?? '';
    let holder = directory;
    for (const name of names) {
      if (this.#rule.skips(holder.path, name)) return;
      const entry = holder.entries.get(name);
      if (entry?.kind !== 'directory') {
        // A directory on the way that is not known yet: looking at it finds what is in it, too.
        this.#settling.entry(holder, name);
        return;
      }
      holder = entry;
    }
    if (this.#rule.skips(holder.path, last)) return;
    if (kind === 'rename') this.#settling.entry(holder, last);
    else this.#settling.content(holder, last);
    // FSEvents may name a directory to say that something in it changed.
    const named = holder.entries.get(last);
    if (named?.kind === 'directory') this.#settling.rescan(named);
  }

  #setWatched(directory: CapturedDirectory, watched: boolean): void {
    if (directory.watched !== watched) this.#counters.directoriesWatched += watched ? 1 : -1;
    directory.watched = watched;
  }
}
