const STEPS_PER_MS = 1_000;

/**
 * Timestamps for events that come without one: the time of day in milliseconds, and in the microsecond digits the count
 * of events already stamped in that millisecond. So two events that are alike but for their moment stay two.
 */
export class EventClock {
  #lastMs = 0;
  #steps = 0;

  /** Seconds since 1970. */
  now(): number {
    const nowMs = Date.now();
    if (nowMs === this.#lastMs) this.#steps = Math.min(this.#steps + 1, STEPS_PER_MS - 1);
    else {
      this.#lastMs = nowMs;
      this.#steps = 0;
    }
    return (nowMs * STEPS_PER_MS + this.#steps) / (1000 * STEPS_PER_MS);
  }
}
