/** How often a daemon may be asked. */
export interface Pace {
  /** Between two looks while events come. */
  busyMs: number;
  /** How much of the time of the one who answers a question may take. */
  share: number;
}

export const ordinaryPace: Pace = { busyMs: 1_000, share: 0.05 };

/**
 * When to ask something again: not before `leastMs` have passed, and the later the longer the answer took. So a question
 * that has become expensive, or a daemon that is busy, is asked less.
 */
export class Duty {
  readonly #leastMs: number;
  readonly #share: number;
  readonly #nowMs: () => number;
  #dueMs = 0;

  /** @param nowMs a monotonic clock */
  constructor(leastMs: number, { share }: Pick<Pace, 'share'>, nowMs: () => number = () => performance.now()) {
    this.#leastMs = leastMs;
    this.#share = share;
    this.#nowMs = nowMs;
  }

  isDue(nowMs = this.#nowMs()): boolean {
    return nowMs >= this.#dueMs;
  }

  /** Asks, and remembers how long it took. */
  async run<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const startedMs = this.#nowMs();
    try {
      return await ask();
    } finally {
      const endedMs = this.#nowMs();
      this.#dueMs = Math.max(startedMs + this.#leastMs, endedMs + (endedMs - startedMs) / this.#share);
    }
  }
}
