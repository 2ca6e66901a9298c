import { Preparation } from '../prepare/preparation.ts';
import { Turns } from '../writer/turns.ts';
import type { IncomingJob, WriterJob } from '../writer/writer-messages.ts';

/** Time for preparing before the sockets have their turn again. */
const TURN_MS = 0.5;

/**
 * Makes jobs ready for the writer, in this thread, which has time while the other one writes. Senders have their turn one
 * after the other, a slice of work each; the jobs of one sender leave in the order they came.
 */
export class Preparer {
  readonly #post: (jobs: WriterJob[]) => void;
  readonly #arrived = new Turns<Preparation>();
  #isTurnDue = false;

  constructor(post: (jobs: WriterJob[]) => void) {
    this.#post = post;
  }

  add(jobs: readonly IncomingJob[]): void {
    for (const job of jobs) this.#arrived.push(job.sender, new Preparation(job));
    if (!this.#isTurnDue) this.#turn(TURN_MS);
  }

  /** Prepares and posts all there is. */
  finish(): void {
    this.#turn(Number.POSITIVE_INFINITY);
  }

  #turn(ms: number): void {
    const ready: WriterJob[] = [];
    const started = performance.now();
    do {
      const next = this.#arrived.next();
      if (next === undefined) break;
      const job = next.work.step();
      this.#arrived.end(next.sender, job !== undefined);
      if (job !== undefined) ready.push(job);
    } while (performance.now() - started < ms);
    if (ready.length > 0) this.#post(ready);
    if (this.#arrived.isEmpty || this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#turn(TURN_MS);
    });
  }
}
