import { type MinuteFigures, MINUTES } from './figures.ts';

const SECONDS = 60;

/**
 * Events of the last minutes, by their timestamps. A minute that is over is counted once more after its end, so that what
 * came a little late is in it; then it stays, until everything is counted anew.
 */
export class MinuteCounts {
  readonly #counts = new Map<number, { events: number; isFinal: boolean }>();

  /** The minutes that are to be counted, newest first: when each begins, seconds. */
  due(now: number): number[] {
    return minutes(now)
      .toReversed()
      .filter((minute) => this.#counts.get(minute)?.isFinal !== true);
  }

  /** @param now when it was counted */
  set(minute: number, events: number, now: number): void {
    const isFinal = now >= minute + SETTLED_SECONDS;
    this.#counts.set(minute, { events, isFinal });
    const [oldest = 0] = minutes(now);
    for (const known of this.#counts.keys()) if (known < oldest) this.#counts.delete(known);
  }

  /** Everything is to be counted again; until then the old counts are shown. */
  recount(): void {
    for (const [minute, { events }] of this.#counts) this.#counts.set(minute, { events, isFinal: false });
  }

  /**
   * @param isQuiet nothing has come since the last count: a minute that was not counted has none
   */
  figures(now: number, isQuiet: boolean): MinuteFigures {
    const shown = minutes(now);
    const newest = Math.max(0, ...this.#counts.keys());
    return {
      since: shown[0] ?? 0,
      events: shown.map((minute) => this.#counts.get(minute)?.events ?? (isQuiet && minute > newest ? 0 : null)),
    };
  }
}

/** How long after its end a minute is counted for the last time. */
const LATE_SECONDS = 15;
const SETTLED_SECONDS = SECONDS + LATE_SECONDS;

/** When the minutes begin that are shown, oldest first. */
function minutes(now: number): number[] {
  const current = Math.floor(now / SECONDS) * SECONDS;
  return Array.from({ length: MINUTES }, (_, place) => current - (MINUTES - 1 - place) * SECONDS);
}
