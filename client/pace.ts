import { setTimeout } from 'node:timers/promises';

/** What a replay goes by: the time, and sleep. */
export interface ReplayClock {
  /** Milliseconds from any beginning; never goes back. */
  nowMs(): number;
  /** Sleeps; @throws when the signal says so */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const replayClock: ReplayClock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => setTimeout(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal }),
};

const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Later than this, nothing was awaited: the process stood still, or the reader did. What was missed is not hurried. */
const STANDSTILL_MS = 1_000;

/**
 * Says when things happen again that happened at certain times.
 *
 * States: not begun, running, paused, ended. The first moment asked for is now; the others follow at their distance from
 * it. Small delays do not add up, long ones move everything behind them.
 */
export class Pace {
  readonly #clock: ReplayClock;
  readonly #speed: number;
  #begin: { nowMs: number; seconds: number } | undefined;
  #pause: { sinceMs: number; over: PromiseWithResolvers<void> } | undefined;
  #sleep = new AbortController();
  #isEnded = false;

  /** @param speed times the original pace; Infinity does not wait at all */
  constructor(speed: number, clock: ReplayClock) {
    this.#speed = speed;
    this.#clock = clock;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** Resolves when the moment has come, or the end: false then. */
  async until(seconds: number): Promise<boolean> {
    for (;;) {
      if (this.#isEnded) return false;
      if (this.#pause !== undefined) await this.#pause.over.promise;
      else {
        this.#begin ??= { nowMs: this.#clock.nowMs(), seconds };
        const remainingMs = this.#remainingMs(seconds, this.#begin);
        if (remainingMs <= 0) {
          if (remainingMs < -STANDSTILL_MS) this.#begin.nowMs -= remainingMs;
          return true;
        }
        await this.#clock.sleep(remainingMs, this.#sleep.signal).catch(() => undefined);
      }
    }
  }

  /** Whether the moment has come already. */
  isDue(seconds: number): boolean {
    if (this.#isEnded || this.#begin === undefined || this.#pause !== undefined) return false;
    return this.#remainingMs(seconds, this.#begin) <= 0;
  }

  pause(): void {
    if (this.#isEnded) return;
    this.#pause ??= { sinceMs: this.#clock.nowMs(), over: Promise.withResolvers() };
    this.#wake();
  }

  resume(): void {
    const pause = this.#pause;
    if (pause === undefined) return;
    if (this.#begin !== undefined) this.#begin.nowMs += this.#clock.nowMs() - pause.sinceMs;
    this.#pause = undefined;
    pause.over.resolve();
  }

  end(): void {
    this.#isEnded = true;
    this.resume();
    this.#wake();
  }

  #wake(): void {
    this.#sleep.abort();
    this.#sleep = new AbortController();
  }

  #remainingMs(seconds: number, begin: { nowMs: number; seconds: number }): number {
    return begin.nowMs + ((seconds - begin.seconds) * 1_000) / this.#speed - this.#clock.nowMs();
  }
}
