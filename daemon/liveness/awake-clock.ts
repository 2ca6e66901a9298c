/** How much later than it should a timer may fire before we take it that we stood still. */
const LATE_MS = 1_000;

/**
 * Time in which this daemon could take events: neither the sleep of the machine nor a time in which it was stopped counts.
 *
 * On Linux the monotonic clock stands still during a sleep, on macOS it goes on (libuv reads mach_continuous_time). What
 * shows a sleep on both is a timer that the daemon has anyway: between two ticks no more time can have passed than it takes.
 * What nobody has asked about before such a sleep does not count either. A sleep within one tick is not seen on macOS.
 */
export class AwakeClock {
  readonly #longestMs: number;
  readonly #now: () => number;
  /** At the last tick. */
  #awakeMs = 0;
  /** Last told. */
  #latestMs = 0;
  #tickedMs: number;

  /**
   * Starts at 0.
   * @param tickMs how often `tick` will be called
   * @param now a monotonic clock, milliseconds
   */
  constructor(tickMs: number, now: () => number = () => performance.now()) {
    this.#longestMs = tickMs + LATE_MS;
    this.#now = now;
    this.#tickedMs = now();
  }

  tick(): void {
    this.#awakeMs = this.nowMs();
    this.#tickedMs = this.#now();
  }

  nowMs(): number {
    const sinceTickMs = this.#now() - this.#tickedMs;
    if (sinceTickMs <= this.#longestMs) this.#latestMs = this.#awakeMs + sinceTickMs;
    return this.#latestMs;
  }
}
