/**
 * A client under test: sends without end, keeps the ledger, and goes on over the end of any daemon.
 *
 * States: sending, settling (nothing new, until everything sent has its receipt), abandoned.
 */
export abstract class Sender {
  abstract readonly name: string;
  #isSettling = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();

  /** Sends until `settle` is called. Rejects when something happens that should not. */
  run(): Promise<void> {
    this.#running = this.send();
    return this.#running;
  }

  /** Sends nothing new; resolves when everything it sent has its receipt. */
  async settle(): Promise<void> {
    this.#isSettling = true;
    await this.#running;
  }

  /** Gives up, whatever has no receipt. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  protected get isSettling(): boolean {
    return this.#isSettling || this.#isAbandoned;
  }

  protected get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  protected abstract send(): Promise<void>;
}
