import type { Stats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureParts } from './capture-parts.ts';
import { isAbsence, isPassing } from './capture-problems.ts';
import type { CapturedDirectory, PendingWork } from './captured-directory.ts';
import { EntryComparison, isNews } from './entry-comparison.ts';
import type { Look, Run } from './entry-comparison.ts';
import { sameIdentity } from './known-file.ts';
import { captureTiming } from './timing.ts';

/** How many paths of one directory are looked at together. Node's four file system threads are the real bound. */
const looksAtOnce = 32;

/** A directory that is replaced while it is listed is listed again, but a file system may number it anew every time. */
const listAttempts = 3;

/**
 * Does the work that directories wait for: lists them and looks at paths in them.
 *
 * Everything recorded was just read from the file system; notices only say where to look. One directory is worked on by
 * one run at a time, so what is read of a path is also applied in the order in which it was read.
 *
 * Why nothing is missed: a directory is watched before it is scanned, so what changes after the scan read it gives a
 * notice; a notice leads to a look that begins after it; and a directory in which a known path was found to be gone is
 * scanned again when it is quiet, so a path that was away for a moment, because a directory above was, is found again.
 */
export class Reconciler {
  readonly #parts: CaptureParts;
  readonly #comparison: EntryComparison;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
    this.#comparison = new EntryComparison(parts);
  }

  /** Does the directory's pending work. Does not throw for anything the file system says. */
  async work(directory: CapturedDirectory): Promise<void> {
    const work = directory.takePending();
    if (directory.gone) return;
    if (!work.scan) await this.#lookAtAll({ directory, work, silent: false });
    else if (await this.#scan(directory, work)) return;
    // The next scan must do as much as this one would have.
    if (work.deep) directory.pending.deep = true;
    if (work.rewatch) directory.pending.rewatch = true;
  }

  /** Says whether it was completed. */
  async #scan(directory: CapturedDirectory, work: PendingWork): Promise<boolean> {
    const startedMs = performance.now();
    const listed = await this.#list(directory, work);
    if (listed === undefined) return false;
    if (!directory.unlisted) this.#parts.counters.rescans += 1;
    const silent = directory.initial && directory.unlisted;
    if (!(await this.#lookAtAll({ directory, work, listed, silent }))) return false;
    directory.unlisted = false;
    directory.lastScanMs = performance.now() - startedMs;
    return true;
  }

  /** The names in the directory that are captured, or undefined when it cannot be scanned now. */
  async #list(directory: CapturedDirectory, work: PendingWork): Promise<ReadonlySet<string> | undefined> {
    let rewatch = work.rewatch || work.deep || !directory.watched;
    for (let attempt = 1; ; attempt += 1) {
      if (rewatch) this.#parts.watches.attach(directory);
      let names: string[];
      let found: Stats | undefined;
      try {
        names = await readdir(directory.path);
        found = await lookInPlace(directory);
      } catch (error) {
        await this.#unlistable(directory, error);
        return undefined;
      }
      if (directory.gone) return undefined;
      if (found === undefined) {
        await this.#lost(directory);
        return undefined;
      }
      directory.missingSinceMs = undefined;
      // The watch may be on the directory that was here before; then the listing may be of that one, too.
      const replaced = !sameIdentity(directory.identity, found);
      if (replaced) directory.identity = { ino: found.ino, birthtimeMs: found.birthtimeMs };
      if (!replaced || attempt === listAttempts) {
        return new Set(names.filter((name) => !this.#parts.rule.skips(directory.path, name)));
      }
      rewatch = true;
    }
  }

  async #unlistable(directory: CapturedDirectory, error: unknown): Promise<void> {
    if (directory.gone) return;
    if (isAbsence(error)) {
      await this.#lost(directory);
      return;
    }
    this.#parts.problems.directoryFailed(directory, error);
    if (isPassing(error)) this.#parts.settling.rescan(directory);
  }

  /** The directory is not where it was. Its parent finds out what that means; should it be back by then, it is scanned. */
  async #lost(directory: CapturedDirectory): Promise<void> {
    if (directory.parent === undefined) {
      this.#parts.problems.rootVanished(directory);
      await this.#parts.removal.removeRoot(directory);
      return;
    }
    this.#queueScan(directory.parent);
    const nowMs = performance.now();
    directory.missingSinceMs ??= nowMs;
    // A file system that keeps giving another path for it must not keep this process busy.
    if (nowMs - directory.missingSinceMs < captureTiming.missingMs) this.#parts.settling.rescan(directory);
    else this.#parts.problems.directoryMisplaced(directory);
  }

  #queueScan(directory: CapturedDirectory): void {
    directory.pending.scan = true;
    this.#parts.queue(directory);
  }

  /** Says whether everything was looked at: the directory may vanish meanwhile. */
  async #lookAtAll(run: Run): Promise<boolean> {
    const { directory, work, listed } = run;
    const known = listed === undefined ? [] : directory.entries.keys();
    const names = [...new Set([...(listed ?? []), ...known, ...work.looks, ...work.settledLooks])];
    for (let start = 0; start < names.length; start += looksAtOnce) {
      const batch = names.slice(start, start + looksAtOnce);
      const looks = await Promise.all(batch.map((name) => this.#lookAt(directory, name)));
      const seen = looks.filter((look) => look !== undefined);
      if (seen.some((look) => isNews(directory.entries.get(look.name), look.found)) && !(await isInPlace(directory))) {
        this.#parts.settling.rescan(directory);
        return false;
      }
      for (const look of seen) {
        if (directory.gone) return false;
        await this.#comparison.compare(run, look);
      }
    }
    return true;
  }

  /** undefined when the path cannot be looked at: then what is known of it stays as it is. */
  async #lookAt(directory: CapturedDirectory, name: string): Promise<Look | undefined> {
    const beganMs = Date.now();
    try {
      return { name, found: await lstat(join(directory.path, name)), beganMs };
    } catch (error) {
      if (isAbsence(error)) return { name, found: undefined, beganMs };
      if (!directory.gone) this.#parts.problems.directoryFailed(directory, error);
      return undefined;
    }
  }
}

/**
 * The stats of the directory if its path still leads to it, and not through a symbolic link that took the place of it or
 * of one above: then what is found there lies in another place, and recording it would invent a path.
 */
async function lookInPlace(directory: CapturedDirectory): Promise<Stats | undefined> {
  const [path, found] = await Promise.all([realpath(directory.path), lstat(directory.path)]);
  return path === directory.path && found.isDirectory() ? found : undefined;
}

async function isInPlace(directory: CapturedDirectory): Promise<boolean> {
  try {
    const found = await lookInPlace(directory);
    return found !== undefined && sameIdentity(directory.identity, found);
  } catch {
    return false;
  }
}
