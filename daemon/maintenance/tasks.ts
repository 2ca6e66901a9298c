/** A piece of housekeeping: each `next()` does one short slice, of at most `limits.maintenanceSliceMs`. */
export type Task<Result> = Generator<void, Result, void>;

interface Waiting {
  task: Task<unknown>;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/** While events come, each slice is followed by this many times its length for them. */
const REST_FACTOR = 2;

/**
 * Housekeeping on the writer's connection, one task after the other and one slice at a time, so that batches go first: the
 * next slice is in the next turn of the event loop, or after a rest when there was something to commit. A task may leave
 * no transaction open between two slices.
 *
 * States: idle (no timer, nothing due), running (a slice is due in the next turn), resting (a timer runs), stopped.
 */
export class Tasks {
  readonly #onSlice: () => void;
  readonly #waiting: Waiting[] = [];
  #slice: NodeJS.Immediate | undefined;
  #rest: NodeJS.Timeout | undefined;
  #sliceEndMs = 0;
  #sliceMs = 0;
  /** Since the last slice. */
  #hasCommitted = false;
  #isStopped = false;

  /** @param onSlice called after each slice, which may have committed */
  constructor(onSlice: () => void = () => undefined) {
    this.#onSlice = onSlice;
  }

  /** Runs it when those before it have ended. Rejects with what it throws. Never settles when the daemon stops first. */
  run<Result>(task: Task<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ task, resolve, reject });
    this.#makeSliceDue();
    return promise;
  }

  /** Events were committed. */
  noteCommit(): void {
    this.#hasCommitted = true;
  }

  /** Does no more slices. What the last one has committed stays. */
  stop(): void {
    this.#isStopped = true;
    if (this.#slice !== undefined) clearImmediate(this.#slice);
    clearTimeout(this.#rest);
  }

  #makeSliceDue(): void {
    const isDue = this.#slice !== undefined || this.#rest !== undefined;
    if (this.#isStopped || isDue || this.#waiting.length === 0) return;
    this.#slice = setImmediate(() => {
      this.#slice = undefined;
      const restMs = this.#hasCommitted ? this.#sliceEndMs + REST_FACTOR * this.#sliceMs - performance.now() : 0;
      if (restMs < 1) this.#runSlice();
      else this.#rest = setTimeout(() => this.#runSlice(), restMs);
    });
  }

  #runSlice(): void {
    this.#rest = undefined;
    const startMs = performance.now();
    this.#doSlice();
    this.#sliceEndMs = performance.now();
    this.#sliceMs = this.#sliceEndMs - startMs;
    this.#hasCommitted = false;
    this.#makeSliceDue();
  }

  #doSlice(): void {
    const [current] = this.#waiting;
    if (current === undefined) return;
    try {
      const { done, value } = current.task.next();
      this.#onSlice();
      if (done !== true) return;
      current.resolve(value as never);
    } catch (error) {
      current.reject(error);
    }
    this.#waiting.shift();
  }
}
