/** Promises that wait for something to become true. */
export class Conditions {
  readonly #checks = new Set<() => void>();

  /** How many wait. */
  get size(): number {
    return this.#checks.size;
  }

  /** Resolves when `isMet`, which is asked now and at each `check`; rejects with what it throws. */
  wait(isMet: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        try {
          if (!isMet()) return;
          resolve();
        } catch (error) {
          reject(error);
        }
        this.#checks.delete(check);
      };
      this.#checks.add(check);
      check();
    });
  }

  /** Something has changed. */
  check(): void {
    for (const check of this.#checks) check();
  }
}
