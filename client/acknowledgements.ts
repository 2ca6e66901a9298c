import { encode } from '../shared/codec.ts';
import type { DaybookError } from '../shared/errors.ts';
import { ackCursor } from '../shared/messages/cursors.ts';
import type { TailPosition } from '../shared/messages/tail.ts';
import { type Link, LINK_FAILURES } from './link.ts';

/** Acknowledgements of one consumer are so far apart: it may get the events of this time again. */
const INTERVAL_MS = 100;
/** What a daemon that does not answer may cost the end of a tail. */
const FINISH_MS = 1_000;

/**
 * Tells the daemon how far a named cursor has come. One request is under way at a time, and each has the position that was
 * reached when it is sent, so it does not matter how often `reached` is called.
 *
 * States: idle, under way, resting (a timer runs).
 */
export class Acknowledgements {
  readonly #link: Link;
  readonly #name: string;
  readonly #onRefused: (error: DaybookError) => void;
  #reached: TailPosition | undefined;
  #committedId = 0;
  #state: 'idle' | 'under way' | 'resting' = 'idle';

  /** @param onRefused told when no acknowledgement of this name will be taken */
  constructor(link: Link, name: string, onRefused: (error: DaybookError) => void) {
    this.#link = link;
    this.#name = name;
    this.#onRefused = onRefused;
  }

  /** The cursor stands here, the daemon says. */
  begin(position: TailPosition): void {
    this.#committedId = Math.max(this.#committedId, position.id);
  }

  /** Everything up to here is done with. */
  reached(position: TailPosition): void {
    if (position.id <= (this.#reached?.id ?? this.#committedId)) return;
    this.#reached = position;
    if (this.#state === 'idle') this.#send();
  }

  /** Resolves when what was reached is committed, or cannot be now: then some events will come twice. */
  async finish(): Promise<void> {
    if (this.#isCommitted() || !this.#link.isOpen) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FINISH_MS);
    this.#request(resolve);
    await promise;
    clearTimeout(timer);
  }

  #isCommitted(): boolean {
    return this.#reached === undefined || this.#reached.id <= this.#committedId;
  }

  #send(): void {
    if (this.#isCommitted() || this.#link.isClosed) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'under way';
    this.#request(() => {
      this.#state = 'resting';
      setTimeout(() => this.#send(), INTERVAL_MS).unref();
    });
  }

  #request(onSettled: () => void): void {
    let position = this.#reached;
    this.#link.request({
      kind: ackCursor.kind,
      // After a lost connection it is sent again.
      body: () => {
        position = this.#reached;
        return encode({ name: this.#name, position });
      },
      isRepeatable: true,
      onReply: () => {
        this.#committedId = Math.max(this.#committedId, position?.id ?? 0);
        onSettled();
      },
      onError: (error) => {
        onSettled();
        // The tail finds out about a lost connection by itself, and what can be tried again is, with the next position.
        if (!error.retryable && !LINK_FAILURES.has(error.code)) this.#onRefused(error);
      },
    });
  }
}
