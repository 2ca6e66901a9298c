const WINDOW_MS = 60_000;

interface Repetition {
  sinceMs: number;
  written: number;
  held: number;
}

export interface Repeated {
  message: string;
  times: number;
}

/** Keeps a message that comes again and again from filling the log: some of them a minute, and then how many there were. */
export class RepeatedMessages {
  readonly #perMinute: number;
  readonly #repetitions = new Map<string, Repetition>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether this message may be written. */
  admit(message: string, nowMs: number): boolean {
    const repetition = this.#repetitions.get(message);
    if (repetition === undefined) {
      this.#repetitions.set(message, { sinceMs: nowMs, written: 1, held: 0 });
      return true;
    }
    if (repetition.written < this.#perMinute) {
      repetition.written += 1;
      return true;
    }
    repetition.held += 1;
    return false;
  }

  /** What was held back in minutes that are over, or with `all` until now; forgets it. */
  held(nowMs: number, all = false): Repeated[] {
    const repeated: Repeated[] = [];
    for (const [message, { sinceMs, held }] of this.#repetitions) {
      if (!all && nowMs - sinceMs < WINDOW_MS) continue;
      this.#repetitions.delete(message);
      if (held > 0) repeated.push({ message, times: held });
    }
    return repeated;
  }
}
