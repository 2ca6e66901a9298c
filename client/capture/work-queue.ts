/**
 * Runs work for items, a bounded number at a time, and never two runs for the same item at once.
 *
 * An item is idle, waiting, running, or both running and waiting: then it runs again afterwards. Pushing an item that
 * waits already changes nothing, so a storm of pushes costs one run.
 */
export class WorkQueue<Item> {
  readonly #run: (item: Item) => Promise<void>;
  readonly #width: number;
  readonly #waiting = new Set<Item>();
  readonly #running = new Set<Item>();
  #whenIdle: (() => void)[] = [];

  /** @param run must not reject. */
  constructor(width: number, run: (item: Item) => Promise<void>) {
    this.#width = width;
    this.#run = run;
  }

  push(item: Item): void {
    this.#waiting.add(item);
    this.#start();
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#running.size === 0 && this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #start(): void {
    for (const item of this.#waiting) {
      if (this.#running.size >= this.#width) return;
      if (this.#running.has(item)) continue;
      this.#waiting.delete(item);
      this.#running.add(item);
      void this.#run(item).finally(() => this.#ended(item));
    }
  }

  #ended(item: Item): void {
    this.#running.delete(item);
    this.#start();
    if (this.#running.size > 0) return;
    const resolvers = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of resolvers) resolve();
  }
}
