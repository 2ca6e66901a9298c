import { Activity } from './activity.ts';
import type { DueWork } from './activity.ts';
import type { CapturedDirectory } from './captured-directory.ts';
import { captureTiming } from './timing.ts';

interface Settler {
  activity: Activity;
  timer: NodeJS.Timeout | undefined;
  timerDueMs: number;
}

/**
 * Gathers the notices of each directory and hands them on when it is time to look. Only a directory in which something
 * was noticed has a timer, and when it has settled none: an idle tree costs nothing.
 */
export class Settling {
  readonly #due: (directory: CapturedDirectory, work: DueWork) => void;
  readonly #settlers = new Map<CapturedDirectory, Settler>();

  constructor(due: (directory: CapturedDirectory, work: DueWork) => void) {
    this.#due = due;
  }

  entry(directory: CapturedDirectory, name: string): void {
    this.#notice(directory, (activity, nowMs) => activity.entry(name, nowMs));
  }

  content(directory: CapturedDirectory, name: string): void {
    this.#notice(directory, (activity, nowMs) => activity.content(name, nowMs));
  }

  rescan(directory: CapturedDirectory): void {
    this.#notice(directory, (activity, nowMs) => activity.rescan(nowMs));
  }

  doubt(directory: CapturedDirectory): void {
    this.#notice(directory, (activity, nowMs) => activity.doubt(nowMs));
  }

  forget(directory: CapturedDirectory): void {
    clearTimeout(this.#settlers.get(directory)?.timer);
    this.#settlers.delete(directory);
  }

  stop(): void {
    for (const directory of this.#settlers.keys()) this.forget(directory);
  }

  #notice(directory: CapturedDirectory, tell: (activity: Activity, nowMs: number) => void): void {
    if (directory.gone) return;
    const nowMs = performance.now();
    let settler = this.#settlers.get(directory);
    if (settler === undefined) {
      const quietMs = Math.max(captureTiming.rescanQuietMs, directory.lastScanMs * captureTiming.rescanQuietPerScan);
      settler = { activity: new Activity(quietMs), timer: undefined, timerDueMs: Infinity };
      this.#settlers.set(directory, settler);
    }
    tell(settler.activity, nowMs);
    this.#arm(directory, settler, nowMs);
  }

  /** A timer that is set too early is left to fire and look again: cheaper than setting it anew at every notice. */
  #arm(directory: CapturedDirectory, settler: Settler, nowMs: number): void {
    const dueMs = settler.activity.nextDueMs();
    if (settler.timerDueMs <= dueMs) return;
    clearTimeout(settler.timer);
    settler.timerDueMs = dueMs;
    // Rounded up, or the timer fires a fraction of a millisecond early and once more for nothing.
    settler.timer = setTimeout(() => this.#fired(directory, settler), Math.ceil(dueMs - nowMs));
  }

  #fired(directory: CapturedDirectory, settler: Settler): void {
    const nowMs = performance.now();
    settler.timerDueMs = Infinity;
    const { finished, ...work } = settler.activity.takeDue(nowMs);
    if (finished) this.#settlers.delete(directory);
    else this.#arm(directory, settler, nowMs);
    if (work.scan || work.looks.size > 0 || work.settledLooks.size > 0) this.#due(directory, work);
  }
}
