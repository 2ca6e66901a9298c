import { seededRandom } from '../harness/seeded-random.ts';

export interface SentEvent {
  type: string;
  source: string;
  timestamp: number;
  action?: string;
  data: { [key: string]: unknown };
}

const ACTIONS = ['create', 'modify', 'ärgern', ''] as const;
const LONG_AGO_SECONDS = 1_000_000;
const NEVER_EXPIRES_SECONDS = 250_000_000_000;

/** Makes the events of one sender: no two are the same, and the seed decides what they are. */
export class RandomEvents {
  readonly #source: string;
  readonly #random: () => number;
  readonly #nowSeconds: () => number;
  #count = 0;

  /** @param nowSeconds the daemons' clock */
  constructor(source: string, seed: number, nowSeconds: () => number) {
    this.#source = source;
    this.#random = seededRandom(seed);
    this.#nowSeconds = nowSeconds;
  }

  /** A whole number in [min, max]. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  next(data: { [key: string]: unknown } = {}): SentEvent {
    this.#count += 1;
    const action = this.chance(0.3) ? undefined : ACTIONS[this.integer(0, ACTIONS.length - 1)];
    return {
      type: `t${this.integer(0, 6)}`,
      source: this.#source,
      timestamp: this.#timestamp(),
      ...(action !== undefined && { action }),
      data: { n: this.#count, of: this.#source, ...data },
    };
  }

  batch(min: number, max: number): SentEvent[] {
    return Array.from({ length: this.integer(min, max) }, () => this.next());
  }

  /** One whose payload is compressed, or is not because that would not make it smaller. */
  large(): SentEvent {
    const pieces = this.integer(100, 4_000);
    const isRepetitive = this.chance(0.5);
    const text = Array.from({ length: pieces }, () =>
      isRepetitive ? 'the same again, ' : this.#random().toString(36),
    );
    return this.next({ text: text.join('') });
  }

  /** One that the daemon refuses. */
  refused(): SentEvent {
    return this.chance(0.5) ? { ...this.next(), type: '' } : { ...this.next(), timestamp: -1 };
  }

  /** Most happened long ago and some now, so that retention takes them once they have been there long enough. */
  #timestamp(): number {
    const kind = this.#random();
    if (kind < 0.6) return LONG_AGO_SECONDS + this.#count;
    if (kind < 0.98) return Math.floor(this.#nowSeconds() * 1000) / 1000;
    return NEVER_EXPIRES_SECONDS + this.#count;
  }
}
