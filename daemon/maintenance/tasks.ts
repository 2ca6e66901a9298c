/** A piece of housekeeping: each `next()` does one short slice, of at most `limits.maintenanceSliceMs`. */
export type Task<Result> = Generator<void, Result, void>;

interface Waiting {
  task: Task<unknown>;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Housekeeping on the writer's connection, one task after the other and one slice a turn of the event loop, so that batches
 * go first. A task may leave no transaction open between two slices.
 *
 * States: idle (no timer, nothing due), running (a slice is due in the next turn), stopped.
 */
export class Tasks {
  readonly #onSlice: () => void;
  readonly #waiting: Waiting[] = [];
  #slice: NodeJS.Immediate | undefined;
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

  /** Does no more slices. What the last one has committed stays. */
  stop(): void {
    this.#isStopped = true;
    if (this.#slice !== undefined) clearImmediate(this.#slice);
  }

  #makeSliceDue(): void {
    if (this.#isStopped || this.#slice !== undefined || this.#waiting.length === 0) return;
    this.#slice = setImmediate(() => {
      this.#slice = undefined;
      this.#doSlice();
      this.#makeSliceDue();
    });
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
