/** Events with consecutive numbers that will never come. */
export interface GapRun {
  from: number;
  to: number;
  /** The source they have in common. */
  source?: string;
  /** Timestamps, seconds. */
  since: number;
  until: number;
  /** `spool_full`, `buffer_full`, `spool_damaged`, or what the daemon refused them with. */
  reason: string;
}

/**
 * A bounded list of runs, by number. Events that follow each other with one source and reason are one run. Past the bound
 * neighbours become one without a source: the closest, so that what came between them is little. Whoever is told of such
 * a run knows of the events in it that did come.
 */
export class GapRuns {
  readonly #runs: GapRun[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get list(): readonly GapRun[] {
    return this.#runs;
  }

  /** @param isFrozen runs that must stay as they are */
  add(run: GapRun, isFrozen: (run: GapRun) => boolean): void {
    let at = this.#runs.length;
    while (at > 0 && (this.#runs[at - 1]?.from ?? 0) > run.from) at -= 1;
    const before = this.#runs[at - 1];
    if (before !== undefined && continues(before, run) && !isFrozen(before)) {
      before.to = Math.max(before.to, run.to);
      before.since = Math.min(before.since, run.since);
      before.until = Math.max(before.until, run.until);
      return;
    }
    this.#runs.splice(at, 0, run);
    if (this.#runs.length > this.#max) this.#mergeClosest(isFrozen);
  }

  delete(run: GapRun): void {
    const at = this.#runs.indexOf(run);
    if (at >= 0) this.#runs.splice(at, 1);
  }

  #mergeClosest(isFrozen: (run: GapRun) => boolean): void {
    let best = -1;
    let bestHole = Number.POSITIVE_INFINITY;
    for (let at = 1; at < this.#runs.length; at += 1) {
      const [a, b] = [this.#runs[at - 1], this.#runs[at]];
      if (a === undefined || b === undefined || isFrozen(a) || isFrozen(b)) continue;
      const hole = b.from - a.to;
      if (hole < bestHole) [best, bestHole] = [at, hole];
    }
    const [a, b] = [this.#runs[best - 1], this.#runs[best]];
    if (a === undefined || b === undefined) return;
    a.to = Math.max(a.to, b.to);
    a.since = Math.min(a.since, b.since);
    a.until = Math.max(a.until, b.until);
    if (a.source !== b.source) delete a.source;
    this.#runs.splice(best, 1);
  }
}

function continues(before: GapRun, run: GapRun): boolean {
  return before.to + 1 >= run.from && before.source === run.source && before.reason === run.reason;
}
