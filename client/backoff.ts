/** Full-jitter backoff: each pause is random between 0 and a ceiling that doubles from 25 ms to 2 s. */
export class Backoff {
  #ceilingMs = FIRST_MS;

  /** Milliseconds to wait before the next try. */
  next(): number {
    const delayMs = Math.random() * this.#ceilingMs;
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, MAX_MS);
    return delayMs;
  }

  /** A try has succeeded. */
  reset(): void {
    this.#ceilingMs = FIRST_MS;
  }
}

const FIRST_MS = 25;
const MAX_MS = 2_000;
