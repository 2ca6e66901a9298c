import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { CaptureParts } from './capture-parts.ts';
import { CapturedDirectory } from './captured-directory.ts';
import type { KnownEntry, PendingWork } from './captured-directory.ts';
import { isFresh, isModified, kindOf, knownFile, sameIdentity } from './known-file.ts';
import type { KnownFile } from './known-file.ts';
import { captureTiming } from './timing.ts';
import { isUnlistedAlias } from './unlisted-alias.ts';

/** One run of work on a directory. */
export interface Run {
  directory: CapturedDirectory;
  work: PendingWork;
  /** What the directory holds, when this run listed it. */
  listed?: ReadonlySet<string>;
  /** What is found was there before the capture began, and gives no events. */
  silent: boolean;
}

/** What a look at one path found. */
export interface Look {
  name: string;
  /** undefined when nothing is at the path. */
  found: Stats | undefined;
  /** A time before the path was looked at. */
  beganMs: number;
}

/** Whether what was found would be recorded as there: it is new, changed or of another kind than what is known. */
export function isNews(known: KnownEntry | undefined, found: Stats | undefined): boolean {
  if (found === undefined) return false;
  if (known === undefined || known.kind !== kindOf(found)) return true;
  return known.kind === 'directory' ? !sameIdentity(known.identity, found) : isModified(known, found);
}

/** Compares what was found at one path with what is known of it, records the difference and brings the index up to date. */
export class EntryComparison {
  readonly #parts: CaptureParts;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  async compare(run: Run, look: Look): Promise<void> {
    const { directory, listed } = run;
    const { name, found } = look;
    const known = directory.entries.get(name);
    if (found === undefined) {
      if (known === undefined) this.#foundNothing(run, name);
      else await this.#gone(directory, name);
      return;
    }
    if (known !== undefined && listed !== undefined && !listed.has(name)) {
      if (isUnlistedAlias(name, found.ino, listed, directory.entries)) {
        await this.#gone(directory, name);
        return;
      }
    }
    const kind = kindOf(found);
    if (known !== undefined && known.kind !== kind) {
      await this.#gone(directory, name);
      if (directory.gone) return;
    }
    if (kind === 'directory') this.#directory(run, name, found);
    else this.#file(run, name, kind, found, look.beganMs);
  }

  #foundNothing({ directory, work, listed }: Run, name: string): void {
    if (listed?.has(name) === true) {
      // Node decodes what is no UTF-8 with replacement characters, and then no path leads to it.
      if (name.includes('\uFFFD')) this.#parts.problems.nameUnreadable(directory);
      return;
    }
    // A directory's own notices come under its own name.
    const noticed = work.looks.has(name) || work.settledLooks.has(name);
    if (noticed && name !== directory.name) this.#parts.counters.vanished += 1;
  }

  async #gone(directory: CapturedDirectory, name: string): Promise<void> {
    await this.#parts.removal.remove(directory, name);
    // It may only have been away because a directory above was; then no notice tells that it is back.
    this.#parts.settling.rescan(directory);
  }

  #directory({ directory, work, silent }: Run, name: string, found: Stats): void {
    const known = directory.entries.get(name);
    if (known?.kind !== 'directory') {
      const created = new CapturedDirectory(directory, join(directory.path, name), found, silent);
      directory.entries.set(name, created);
      if (!silent) this.#parts.record('create', { path: created.path, kind: 'directory' });
      this.#scanSoon(created, { rewatch: false, deep: false });
      return;
    }
    const replaced = !sameIdentity(known.identity, found);
    if (replaced || work.deep) {
      known.identity = { ino: found.ino, birthtimeMs: found.birthtimeMs };
      this.#scanSoon(known, { rewatch: true, deep: work.deep });
    } else if (!known.watched && this.#parts.watches.attach(known)) {
      this.#scanSoon(known, { rewatch: false, deep: false });
    }
  }

  #scanSoon(directory: CapturedDirectory, how: { rewatch: boolean; deep: boolean }): void {
    const { pending } = directory;
    pending.scan = true;
    pending.rewatch ||= how.rewatch;
    pending.deep ||= how.deep;
    this.#parts.queue(directory);
  }

  #file({ directory, work, silent }: Run, name: string, kind: KnownFile['kind'], found: Stats, beganMs: number): void {
    if (!silent && kind === 'file' && isFresh(found, beganMs, Date.now(), captureTiming.freshMs)) {
      // It may be in the middle of being written, and a further change may leave no trace in its times: look again.
      this.#parts.settling.content(directory, name);
      if (!work.settledLooks.has(name)) return;
    }
    const known = directory.entries.get(name);
    if (known !== undefined && known.kind !== 'directory' && !isModified(known, found)) return;
    directory.entries.set(name, knownFile(kind, found));
    if (known === undefined) this.#parts.counters.filesKnown += 1;
    if (silent) return;
    const action = known === undefined ? 'create' : 'modify';
    this.#parts.record(action, { path: join(directory.path, name), kind, sizeBytes: found.size });
  }
}
