import { captureTiming } from './timing.ts';

/** What it is time to do in a directory. */
export interface DueWork {
  /** Names that came, went or were renamed. */
  looks: Set<string>;
  /** Names that were written to and have paused, or have been written to for so long that they are looked at anyway. */
  settledLooks: Set<string>;
  /** Compare the whole directory with the index. */
  scan: boolean;
  /** Open a new watch for the directory first: the old one may have lost it. */
  rewatch: boolean;
}

/**
 * What was noticed in one directory and when to look at it. Pure: it is told the time and keeps no timer.
 *
 * It is finished when its last work, the one rescan after everything is quiet, has been taken. Until then every notice
 * pushes that rescan back. A name waits either as an entry (came, went, renamed: looked at soon) or as content (written
 * to: looked at when the writing pauses), never as both, so that a new file is looked at once, with its final size.
 */
export class Activity {
  readonly #rescanQuietMs: number;
  #entries = new Set<string>();
  #entriesSinceMs = 0;
  #contents = new Set<string>();
  #contentsSinceMs = 0;
  #lastContentMs = 0;
  #lastNoticeMs = 0;
  #doubtSinceMs: number | undefined;

  constructor(rescanQuietMs: number) {
    this.#rescanQuietMs = rescanQuietMs;
  }

  /** The name came, went or was renamed. */
  entry(name: string, nowMs: number): void {
    this.#lastNoticeMs = nowMs;
    if (this.#contents.has(name)) return;
    if (this.#entries.size === 0) this.#entriesSinceMs = nowMs;
    this.#entries.add(name);
  }

  /** What the name holds was changed. */
  content(name: string, nowMs: number): void {
    this.#lastNoticeMs = nowMs;
    this.#lastContentMs = nowMs;
    this.#entries.delete(name);
    if (this.#contents.size === 0) this.#contentsSinceMs = nowMs;
    this.#contents.add(name);
  }

  /** Something may have changed that no notice names. */
  rescan(nowMs: number): void {
    this.#lastNoticeMs = nowMs;
  }

  /** The directory itself may have been replaced, and its watch with it. */
  doubt(nowMs: number): void {
    this.#lastNoticeMs = nowMs;
    this.#doubtSinceMs ??= nowMs;
  }

  nextDueMs(): number {
    return Math.min(this.#rescanDueMs(), this.#entriesDueMs(), this.#contentsDueMs(), this.#doubtDueMs());
  }

  /** What is due now. `finished` says that the last rescan is among it and nothing is left to wait for. */
  takeDue(nowMs: number): DueWork & { finished: boolean } {
    const due = { looks: new Set<string>(), settledLooks: new Set<string>(), scan: false, rewatch: false };
    if (this.#entriesDueMs() <= nowMs) {
      due.looks = this.#entries;
      this.#entries = new Set();
    }
    if (this.#contentsDueMs() <= nowMs) {
      due.settledLooks = this.#contents;
      this.#contents = new Set();
    }
    if (this.#doubtDueMs() <= nowMs) {
      due.scan = due.rewatch = true;
      this.#doubtSinceMs = undefined;
    }
    // Whatever waits for less than the rescan was noticed before it and is due earlier: nothing is left when it is due.
    const finished = this.#rescanDueMs() <= nowMs;
    if (finished) due.scan = true;
    return { ...due, finished };
  }

  #entriesDueMs(): number {
    return this.#entries.size > 0 ? this.#entriesSinceMs + captureTiming.settleMs : Infinity;
  }

  #contentsDueMs(): number {
    if (this.#contents.size === 0) return Infinity;
    return Math.min(this.#lastContentMs + captureTiming.settleMs, this.#contentsSinceMs + captureTiming.longestWriteMs);
  }

  #doubtDueMs(): number {
    return this.#doubtSinceMs === undefined ? Infinity : this.#doubtSinceMs + captureTiming.settleMs;
  }

  #rescanDueMs(): number {
    return this.#lastNoticeMs + this.#rescanQuietMs;
  }
}
