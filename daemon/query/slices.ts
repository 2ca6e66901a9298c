import type { Deadline } from './deadline.ts';
import type { Steps } from './steps.ts';

/** How long one piece of work goes on before the others have their turn. */
const SLICE_MS = 5;

interface Work<Result> {
  steps: Steps<Result>;
  deadline: Deadline;
  settle: (outcome: { result: Result } | { error: unknown }) => void;
}

/**
 * Works of which each may take long, in slices: a short one is done at once, and long ones take turns. Between two slices
 * the event loop goes on, so that new work can come in.
 */
export class Slices<Result> {
  readonly #waiting: Work<Result>[] = [];
  #isScheduled = false;

  /** Begins at once; what is not done within a slice goes on later. */
  add(work: Work<Result>): void {
    this.#work(work);
  }

  /** Does the rest now. Whatever is under way is told that its time is up. */
  end(): void {
    for (const work of this.#waiting.splice(0)) {
      work.deadline.end();
      this.#work(work, Number.POSITIVE_INFINITY);
    }
  }

  #work(work: Work<Result>, sliceMs: number = SLICE_MS): void {
    const endMs = performance.now() + sliceMs;
    try {
      for (;;) {
        const step = work.steps.next();
        if (step.done === true) {
          work.settle({ result: step.value });
          return;
        }
        if (performance.now() > endMs) break;
      }
    } catch (error) {
      work.settle({ error });
      return;
    }
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#work(next);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
