import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { StoredEvent } from '../shared/event.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import { answerKinds } from '../shared/messages/message-kind.ts';
import {
  parseTailEvents,
  parseTailProgress,
  parseTailReset,
  tail,
  type TailPosition,
  type TailReply,
  type TailReset,
  tailStop,
} from '../shared/messages/tail.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Backoff } from './backoff.ts';
import { type Link, LINK_FAILURES } from './link.ts';
import { reportDamaged } from './query.ts';

export interface TailOptions extends EventFilter {
  /** Start behind this position instead of now. */
  after?: TailPosition;
  /**
   * Go on where the consumer of this name has come to, at least once for each event: the daemon keeps what was
   * acknowledged. A new name begins with everything that is stored, or behind `after`. One tail has a name at a time;
   * for a second one the first `next()` rejects with `cursor_in_use`.
   */
  cursorName?: string;
  /**
   * What acknowledges an event: that the next one is asked for (`next`, unless said), or only `acknowledge()` (`manual`).
   */
  acknowledgement?: 'next' | 'manual';
  /** False: end with what is stored when the tail begins. */
  follow?: boolean;
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
  /** The request that was stopped for a pause, and whose cursor the daemon holds for us. */
  #pausedId: number | undefined;
  #queue: StoredEvent[] = [];
  #next = 0;
  readonly #waiting: {
    resolve: (result: IteratorResult<StoredEvent> | Promise<IteratorResult<StoredEvent>>) => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly #backoff = new Backoff();
  #isStarted = false;
  #error: Error | undefined;
  #isEnded = false;
  readonly #acknowledgements: Acknowledgements | undefined;
  /** The last event that was given out, and the last one that is done with. */
  #givenId = 0;
  #doneId = 0;
  /** Where a tail that does not follow ends. */
  #endId = Number.POSITIVE_INFINITY;

  constructor(link: Link, options: TailOptions) {
    const {
      after,
      cursorName,
      acknowledgement: _acknowledgement,
      follow: _follow,
      onReset: _onReset,
      onStart: _onStart,
      onDamaged: _onDamaged,
      ...filter
    } = options;
    this.#link = link;
    this.#options = options;
    this.#filter = filter;
    this.#position = after;
    if (cursorName !== undefined) {
      this.#acknowledgements = new Acknowledgements(link, cursorName, (error) => this.#endWith(error));
    }
    this.#request();
  }

  /** Behind the last event that arrived here; undefined until the daemon has said where the tail starts. */
  get position(): TailPosition | undefined {
    return this.#position;
  }

  /**
   * This event and all before it are done with, or all that were given out. Only of use with `cursorName`.
   * @param event one that this tail has given out
   */
  acknowledge(event: { id: number } = { id: this.#givenId }): void {
    this.#doneId = Math.max(this.#doneId, event.id);
    this.#sayDone();
  }

  next(): Promise<IteratorResult<StoredEvent>> {
    if (this.#options.acknowledgement !== 'manual') this.acknowledge();
    const event = this.#queue[this.#next];
    if (event !== undefined) {
      this.#next += 1;
      this.#givenId = event.id;
      if (this.#next === this.#queue.length) {
        this.#queue = [];
        this.#next = 0;
        if (this.#requestId === undefined && !this.#isEnded) this.#resume();
        this.#endIfDone();
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isEnded) return this.#finished();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Ends the tail. With a cursor name it resolves when what was acknowledged is committed. */
  return(): Promise<IteratorResult<StoredEvent>> {
    this.#stop();
    this.#end();
    this.#queue = [];
    this.#next = 0;
    return this.#finished();
  }

  async #finished(): Promise<IteratorResult<StoredEvent>> {
    await this.#acknowledgements?.finish();
    return { done: true, value: undefined };
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
    this.#pausedId = undefined;
    this.#requestId = this.#link.request({
      kind: tail.kind,
      // The link asks for it on each new connection: it names the position reached by then.
      body: () => encode(this.#requestBody()),
      isRepeatable: true,
      isOpenEnded: true,
      onReply: (body) => this.#started(tail.parseReply(body)),
      onPush: (kind, body) => this.#receive(kind, body),
      onError: (error) => this.#refused(error),
    });
  }

  #requestBody(): object {
    const { cursorName, follow = true } = this.#options;
    return {
      filter: this.#filter,
      after: this.#position,
      // An older daemon does not know these fields.
      ...(cursorName !== undefined && { cursorName }),
      ...((cursorName !== undefined || !follow) && { progress: true }),
    };
  }

  /** A daemon that cannot just now is asked again; the link itself comes back by itself or has given up. */
  #refused(error: DaybookError): void {
    this.#requestId = undefined;
    const isTaken = error.code === 'cursor_in_use' && !this.#isStarted;
    if (!error.retryable || isTaken || this.#isEnded || LINK_FAILURES.has(error.code)) this.#fail(error);
    else setTimeout(() => this.#isEnded || this.#resume(), this.#backoff.next());
  }

  #started({ position, newestId }: TailReply): void {
    if (position.id >= (this.#position?.id ?? 0)) this.#position = position;
    this.#backoff.reset();
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#acknowledgements?.begin(position);
    if (this.#options.follow === false) this.#endId = newestId ?? position.id;
    this.#tell(() => this.#options.onStart?.(position));
    this.#endIfDone();
  }

  /** Calls what the consumer has given. What that throws ends the tail, and the consumer gets it. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#endWith(error instanceof Error ? error : new Error(String(error), { cause: error }));
    }
  }

  #endWith(error: Error): void {
    if (this.#isEnded) return;
    this.#stop();
    this.#fail(error);
  }

  #sayDone(): void {
    if (this.#acknowledgements === undefined || this.#position === undefined || !this.#isStarted) return;
    const isAllDone = this.#queue.length === this.#next && this.#doneId >= this.#givenId;
    this.#acknowledgements.reached(isAllDone ? this.#position : { ...this.#position, id: this.#doneId });
  }

  #endIfDone(): void {
    if (this.#isEnded || this.#queue.length > this.#next || (this.#position?.id ?? 0) < this.#endId) return;
    this.#stop();
    this.#end();
  }

  #receive(kind: string, body: unknown): void {
    if (kind === answerKinds.reset) {
      const reset = parseTailReset(body);
      // What lies between the position and the hole is still to come.
      if (this.#position?.id === reset.lostFrom - 1) this.#position = { ...this.#position, id: reset.lostTo };
      this.#tell(() => {
        if (this.#options.onReset !== undefined) this.#options.onReset(reset);
        else {
          const { lostFrom, lostTo } = reset;
          throw new DaybookError('lost_events', `events ${lostFrom} to ${lostTo} are no longer stored`);
        }
      });
    } else if (kind === answerKinds.progress) this.#position = parseTailProgress(body);
    else if (kind === answerKinds.events) {
      const { events, damaged, position } = parseTailEvents(body);
      this.#position = position;
      for (const event of events) this.#give(event);
      for (const id of damaged) this.#tell(() => reportDamaged(id, this.#options.onDamaged));
      if (this.#queue.length - this.#next > HIGH_WATER_EVENTS) this.#stop(true);
    }
    // Who waits for the next event is done with all before.
    if (this.#waiting.length > 0) this.#sayDone();
    this.#endIfDone();
  }

  #give(event: StoredEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push(event);
    else {
      this.#givenId = event.id;
      waiting.resolve({ done: false, value: event });
    }
  }

  /** @param isPause it will go on, and keeps its cursor */
  #stop(isPause = false): void {
    const id = this.#requestId ?? this.#pausedId;
    if (id === undefined) return;
    this.#requestId = undefined;
    this.#pausedId = isPause && this.#acknowledgements !== undefined ? id : undefined;
    this.#link.forget(id);
    // A daemon that is not connected follows nothing.
    if (!this.#link.isOpen) return;
    this.#link.request({
      kind: tailStop.kind,
      body: encode({
        tail: id,
        ...(this.#pausedId !== undefined && { keepCursor: true }),
      }),
      isRepeatable: true,
      onReply: () => undefined,
      onError: () => undefined,
    });
  }

  #end(): void {
    this.#isEnded = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(this.#finished());
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
