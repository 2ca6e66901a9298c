import { counted, Progress, wholeNumber } from '../output.ts';

const CELLS = 30;

/** How far an export is, on a terminal only. */
export class ProgressBar {
  readonly #progress = new Progress();
  readonly #expected: number | undefined;
  readonly #startedMs = performance.now();
  #done = 0;

  /** @param expected events in all, undefined when nobody knows */
  constructor(expected: number | undefined) {
    this.#expected = expected;
  }

  add(events: number): void {
    this.#done += events;
    const rate = this.#done / Math.max((performance.now() - this.#startedMs) / 1000, 0.001);
    this.#progress.show(`${barText(this.#done, this.#expected)}  ${wholeNumber(rate)} events/s`);
  }

  clear(): void {
    this.#progress.clear();
  }
}

export function barText(done: number, expected: number | undefined): string {
  if (expected === undefined) return counted(done, 'event');
  const share = expected === 0 ? 1 : Math.min(done / expected, 1);
  const filled = Math.floor(share * CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(CELLS - filled);
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${wholeNumber(done)} of ${counted(expected, 'event')}`;
}
