/** Redraws are at least this far apart: four a second. */
const LEAST_MS = 250;

/** Draws soon after something has changed, and never more often than four times a second. */
export class Redraws {
  readonly #draw: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Something has changed. */
  want(): void {
    if (this.#timer !== undefined) return;
    const dueMs = this.#lastMs + LEAST_MS - performance.now();
    this.#timer = setTimeout(() => this.#now(), Math.max(0, dueMs));
  }

  stop(): void {
    clearTimeout(this.#timer);
    // So that nothing is wanted any more.
    this.#timer = setTimeout(() => undefined, 0).unref();
  }

  #now(): void {
    this.#timer = undefined;
    this.#lastMs = performance.now();
    this.#draw();
  }
}
