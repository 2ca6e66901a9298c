/** When an answer has to be given, with as much as there is by then. */
export class Deadline {
  #atMs: number;

  constructor(afterMs: number) {
    this.#atMs = performance.now() + afterMs;
  }

  get isOver(): boolean {
    return performance.now() > this.#atMs;
  }

  /** Whether somebody cannot wait any longer, whatever the time. */
  get isEnded(): boolean {
    return this.#atMs === Number.NEGATIVE_INFINITY;
  }

  /** Somebody cannot wait any longer. */
  end(): void {
    this.#atMs = Number.NEGATIVE_INFINITY;
  }
}
