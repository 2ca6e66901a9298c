import type { EventStore } from '../storage/event-store.ts';

/**
 * Takes a sample of the daemon's own figures every five minutes, as long as there is something to do: there is no timer,
 * a commit that comes later than that brings one along.
 */
export class Samples {
  readonly #store: EventStore;
  readonly #onFailure: (error: unknown) => void;

  constructor(store: EventStore, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Call after each commit, once its receipts are on their way. */
  noteCommit(): void {
    const nowSeconds = Date.now() / 1000;
    const { samples } = this.#store;
    if (!samples.isDue(nowSeconds)) return;
    samples.postpone(nowSeconds);
    try {
      this.#store.begin('normal');
      samples.add({}, nowSeconds, this.#store.newestId);
      this.#store.commit();
    } catch (error) {
      this.#store.rollback();
      this.#onFailure(error);
    }
  }
}
