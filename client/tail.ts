import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { StoredEvent } from '../shared/event.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import { answerKinds } from '../shared/messages/message-kind.ts';
import {
  parseTailEvents,
  parseTailReset,
  tail,
  type TailPosition,
  type TailReset,
  tailStop,
} from '../shared/messages/tail.ts';
import { Backoff } from './backoff.ts';
import { type Link, LINK_FAILURES } from './link.ts';
import { reportDamaged } from './query.ts';

export interface TailOptions extends EventFilter {
  /** Start behind this position instead of now. */
  after?: TailPosition;
  /** Told when events are gone before they could be seen. Without it, that ends the tail with an error. */
  onReset?: (reset: TailReset) => void;
  /** Told about each event that cannot be read. Without it, one ends the tail with an error. */
  onDamaged?: (id: number) => void;
  /** Told once, when the tail has begun: what is committed from here on will come. */
  onStart?: (position: TailPosition) => void;
}

/** Events held for a consumer that is slower than the daemon; past it the tail is paused. */
const HIGH_WATER_EVENTS = 2_000;

/**
 * Follows what is stored.
 *
 * States: requested, following, paused (the consumer has enough to do; the daemon was told to stop), ended. The position
 * is kept here, so after a lost connection or a pause the tail goes on where it was, with no hole.
 */
export class Tail implements AsyncIterableIterator<StoredEvent> {
  readonly #link: Link;
  readonly #options: TailOptions;
  readonly #filter: EventFilter;
  #position: TailPosition | undefined;
  #requestId: number | undefined;
  #queue: StoredEvent[] = [];
  #next = 0;
  readonly #waiting: { resolve: (result: IteratorResult<StoredEvent>) => void; reject: (error: Error) => void }[] = [];
  readonly #backoff = new Backoff();
  #isStarted = false;
  #error: Error | undefined;
  #isEnded = false;

  constructor(link: Link, options: TailOptions) {
    const { after, onReset: _onReset, onStart: _onStart, onDamaged: _onDamaged, ...filter } = options;
    this.#link = link;
    this.#options = options;
    this.#filter = filter;
    this.#position = after;
    this.#request();
  }

  /** Behind the last event that arrived here; undefined until the daemon has said where the tail starts. */
  get position(): TailPosition | undefined {
    return this.#position;
  }

  next(): Promise<IteratorResult<StoredEvent>> {
    const event = this.#queue[this.#next];
    if (event !== undefined) {
      this.#next += 1;
      if (this.#next === this.#queue.length) {
        this.#queue = [];
        this.#next = 0;
        if (this.#requestId === undefined && !this.#isEnded) this.#resume();
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<StoredEvent>> {
    this.#stop();
    this.#isEnded = true;
    this.#queue = [];
    this.#next = 0;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #resume(): void {
    if (this.#link.isClosed) this.#fail(new DaybookError('closed', 'the client is closed'));
    else this.#request();
  }

  #request(): void {
    this.#requestId = this.#link.request({
      kind: tail.kind,
      // The link asks for it on each new connection: it names the position reached by then.
      body: () => encode({ filter: this.#filter, after: this.#position }),
      isRepeatable: true,
      isOpenEnded: true,
      onReply: (body) => this.#started(tail.parseReply(body).position),
      onPush: (kind, body) => this.#receive(kind, body),
      onError: (error) => this.#refused(error),
    });
  }

  /** A daemon that cannot just now is asked again; the link itself comes back by itself or has given up. */
  #refused(error: DaybookError): void {
    this.#requestId = undefined;
    if (!error.retryable || this.#isEnded || LINK_FAILURES.has(error.code)) this.#fail(error);
    else setTimeout(() => this.#isEnded || this.#resume(), this.#backoff.next());
  }

  #started(position: TailPosition): void {
    this.#position ??= position;
    this.#backoff.reset();
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#options.onStart?.(position);
  }

  #receive(kind: string, body: unknown): void {
    if (kind === answerKinds.reset) {
      const reset = parseTailReset(body);
      // What lies between the position and the hole is still to come.
      if (this.#position?.id === reset.lostFrom - 1) this.#position = { ...this.#position, id: reset.lostTo };
      if (this.#options.onReset !== undefined) this.#options.onReset(reset);
      else {
        this.#stop();
        this.#fail(new DaybookError('lost_events', `events ${reset.lostFrom} to ${reset.lostTo} are no longer stored`));
      }
    } else if (kind === answerKinds.events) {
      const { events, damaged, position } = parseTailEvents(body);
      this.#position = position;
      for (const event of events) this.#give(event);
      for (const id of damaged) this.#reportDamaged(id);
      if (this.#queue.length - this.#next > HIGH_WATER_EVENTS) this.#stop();
    }
  }

  #reportDamaged(id: number): void {
    try {
      reportDamaged(id, this.#options.onDamaged);
    } catch (error) {
      this.#stop();
      this.#fail(error as Error);
    }
  }

  #give(event: StoredEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push(event);
    else waiting.resolve({ done: false, value: event });
  }

  #stop(): void {
    const id = this.#requestId;
    if (id === undefined) return;
    this.#requestId = undefined;
    this.#link.forget(id);
    // A daemon that is not connected follows nothing.
    if (!this.#link.isOpen) return;
    this.#link.request({
      kind: tailStop.kind,
      body: encode({ tail: id }),
      isRepeatable: true,
      onReply: () => undefined,
      onError: () => undefined,
    });
  }

  #fail(error: Error): void {
    this.#requestId = undefined;
    this.#isEnded = true;
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }
}
