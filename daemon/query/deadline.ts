/** When an answer has to be given, with as much as there is by then. */
export class Deadline {
  #atMs: number;

  constructor(afterMs: number) {
    this.#atMs = performance.now() + afterMs;
  }

  get isOver(): boolean {
    return performance.now() > this.#atMs;
  }

  /** Somebody cannot wait any longer. */
  end(): void {
    this.#atMs = Number.NEGATIVE_INFINITY;
  }
}
