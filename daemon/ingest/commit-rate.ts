const WINDOW_SECONDS = 60;

/** Events committed per second over the last minute. Counts when told to; never wakes by itself. */
export class CommitRate {
  readonly #counts = new Float64Array(WINDOW_SECONDS);
  /** Second of the slot last written. */
  #second = 0;

  /** @param nowMs of a monotonic clock */
  add(events: number, nowMs: number): void {
    this.#moveTo(Math.floor(nowMs / 1000));
    const slot = this.#second % WINDOW_SECONDS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + events;
  }

  perSecond(nowMs: number): number {
    this.#moveTo(Math.floor(nowMs / 1000));
    return this.#counts.reduce((sum, count) => sum + count, 0) / WINDOW_SECONDS;
  }

  #moveTo(second: number): void {
    const from = Math.max(this.#second + 1, second - WINDOW_SECONDS + 1);
    for (let passed = from; passed <= second; passed += 1) this.#counts[passed % WINDOW_SECONDS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}
