/** Quiet time before memory is given back, and the work since the last time that makes it worth it. */
const QUIET_MS = 5_000;
const WORTH_EVENTS = 10_000;

/** All that can be had: what is pooled for later growth too. */
export function collectGarbage(): void {
  // Another thread that collects may have taken the flag back in between.
  const collect = exposedCollector() ?? exposedCollector();
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Exposed while a context is made, because a thread that boots under another set of flags compiles all of Node's code. */
function exposedCollector(): NodeJS.GCFunction | undefined {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

/**
 * Gives back what a burst of work has left behind, once it is over: a thread that does nothing collects nothing, and would
 * keep it for as long. A thread that has little to do is left alone; collecting costs it some tens of milliseconds.
 */
export class QuietMemory {
  readonly #giveBack: () => void;
  #events = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** Call after work was done. */
  note(events: number): void {
    this.#events += events;
    if (this.#timer !== undefined) this.#timer.refresh();
    else if (this.#events >= WORTH_EVENTS) this.#timer = setTimeout(() => this.#run(), QUIET_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#timer = undefined;
    this.#events = 0;
    this.#giveBack();
  }
}
