import { encode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import type { TailPosition, TailRequest } from '../../shared/messages/tail.ts';
import { matchesUnstored } from '../query/event-filter.ts';
import type { EncodedArrivals } from '../query/reader-messages.ts';
import type { Reader } from '../query/reader.ts';
import type { Connection } from '../socket/connection.ts';
import type { OneAtATime } from './one-at-a-time.ts';

export interface SubscriberOptions {
  connection: Connection;
  requestId: number;
  reader: Reader;
  request: TailRequest;
  after: TailPosition;
  /** The turns of the tails of this connection. */
  pages: OneAtATime;
  /** The tail has failed, and its client is being told. */
  onEnded: () => void;
}

/**
 * One tail. It reads from the database behind its own position, so catching up and following are the same thing, and
 * what it costs does not depend on how far behind it is. The tails of one connection read their pages one after the other:
 * together they are sent no more than one of them would be.
 *
 * States: caught up (waits for `wake`), reading (one page under way), blocked (the client has not taken what was sent;
 * waits for `wake` after the drain), stopped.
 */
export class Subscriber {
  readonly #connection: Connection;
  readonly #requestId: number;
  readonly #reader: Reader;
  readonly #databaseId: string;
  readonly #filter: EventFilter;
  readonly #saysProgress: boolean;
  readonly #onEnded: () => void;
  readonly #pages: OneAtATime;
  #afterId: number;
  /** The position that the client knows. */
  #toldId: number;
  #hasCaughtUp = false;
  #committedId = 0;
  #isReading = false;
  #isStopped = false;

  constructor(options: SubscriberOptions) {
    const { request, after } = options;
    this.#connection = options.connection;
    this.#requestId = options.requestId;
    this.#reader = options.reader;
    this.#databaseId = after.databaseId;
    this.#filter = request.filter;
    this.#saysProgress = request.progress === true;
    this.#afterId = after.id;
    this.#toldId = after.id;
    this.#pages = options.pages;
    this.#onEnded = options.onEnded;
  }

  /** There may be something to send: events up to this id are committed, or the client took what it had. */
  wake(committedId: number): void {
    this.#committedId = committedId;
    if (!this.#isReading) void this.#read();
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #readPage(): Promise<void> {
    // While others of this connection read theirs, it may have been stopped, or the client may have enough to take.
    if (this.#isStopped || this.#connection.unsentBytes >= limits.tailHighWaterBytes) return;
    const page = await this.#reader.ask({
      kind: 'arrivals',
      afterId: this.#afterId,
      filter: this.#filter,
      maxRows: limits.pageRows,
    });
    if (!this.#isStopped) this.#deliver(page);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (
        !this.#isStopped &&
        this.#afterId < this.#committedId &&
        this.#connection.unsentBytes < limits.tailHighWaterBytes
      ) {
        await this.#pages.run(() => this.#readPage());
      }
      this.#sayProgress();
    } catch (error) {
      if (this.#isStopped) return;
      this.#isStopped = true;
      const reason = error instanceof DaybookError ? error : new DaybookError('internal', String(error));
      this.#onEnded();
      // The end of the daemon is no end of the tail: its client goes on with the next one.
      if (reason.code !== 'shutting_down') this.#connection.refuseRequest(this.#requestId, reason);
    } finally {
      this.#isReading = false;
    }
  }

  /** Sends those of these events that match; no database has them. */
  show(events: readonly StoredEvent[]): void {
    const matching = events.filter((event) => matchesUnstored(this.#filter, event));
    if (matching.length > 0) this.#send(encode(matching), []);
  }

  #deliver(page: EncodedArrivals): void {
    for (const lost of page.lost) this.#connection.send(answerKinds.reset, this.#requestId, encode(lost));
    this.#afterId = Math.max(page.scannedToId, this.#afterId);
    if (page.count > 0 || page.damaged.length > 0) this.#send(page.events, page.damaged);
  }

  /** What did not match was looked at as well: that need not be done again, nor can it be lost any more. */
  #sayProgress(): void {
    const isAtEnd = this.#afterId >= this.#committedId && !this.#hasCaughtUp;
    this.#hasCaughtUp ||= isAtEnd;
    if (!this.#saysProgress || this.#isStopped || this.#afterId === this.#toldId) return;
    if (!isAtEnd && this.#afterId - this.#toldId < limits.tailProgressEvents) return;
    this.#toldId = this.#afterId;
    const position = { databaseId: this.#databaseId, id: this.#afterId };
    this.#connection.send(answerKinds.progress, this.#requestId, encode({ position }));
  }

  #send(events: Uint8Array, damaged: readonly number[]): void {
    this.#toldId = this.#afterId;
    const position = encode({ databaseId: this.#databaseId, id: this.#afterId });
    // {events: […], damaged: […], position: {…}} around events that are encoded already.
    const body = Buffer.concat([BODY_HEAD, events, BODY_DAMAGED, encode(damaged), BODY_POSITION, position]);
    this.#connection.send(answerKinds.events, this.#requestId, body);
  }
}

const BODY_HEAD = Buffer.concat([Buffer.from([0x83]), encode('events')]);
const BODY_DAMAGED = encode('damaged');
const BODY_POSITION = encode('position');
