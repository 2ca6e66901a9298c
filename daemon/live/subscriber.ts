import { encode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import type { EncodedArrivals } from '../query/reader-messages.ts';
import type { Reader } from '../query/reader.ts';
import type { Connection } from '../socket/connection.ts';
import type { OneAtATime } from './one-at-a-time.ts';

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
  readonly #onEnded: () => void;
  readonly #pages: OneAtATime;
  #afterId: number;
  #committedId = 0;
  #isReading = false;
  #isStopped = false;

  constructor(
    connection: Connection,
    requestId: number,
    reader: Reader,
    databaseId: string,
    filter: EventFilter,
    afterId: number,
    pages: OneAtATime,
    onEnded: () => void,
  ) {
    this.#connection = connection;
    this.#requestId = requestId;
    this.#reader = reader;
    this.#databaseId = databaseId;
    this.#filter = filter;
    this.#afterId = afterId;
    this.#pages = pages;
    this.#onEnded = onEnded;
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
    const {
      since = Number.NEGATIVE_INFINITY,
      until = Number.POSITIVE_INFINITY,
      types,
      sources,
      actions,
    } = this.#filter;
    const matching = events.filter(
      ({ timestamp, type, source, action }) =>
        timestamp >= since &&
        timestamp < until &&
        (types?.includes(type) ?? true) &&
        (sources?.includes(source) ?? true) &&
        (actions === undefined || (action !== undefined && actions.includes(action))),
    );
    if (matching.length > 0) this.#send(encode(matching), []);
  }

  #deliver(page: EncodedArrivals): void {
    for (const lost of page.lost) this.#connection.send(answerKinds.reset, this.#requestId, encode(lost));
    this.#afterId = Math.max(page.scannedToId, this.#afterId);
    if (page.count > 0 || page.damaged.length > 0) this.#send(page.events, page.damaged);
  }

  #send(events: Uint8Array, damaged: readonly number[]): void {
    const position = encode({ databaseId: this.#databaseId, id: this.#afterId });
    // {events: […], damaged: […], position: {…}} around events that are encoded already.
    const body = Buffer.concat([BODY_HEAD, events, BODY_DAMAGED, encode(damaged), BODY_POSITION, position]);
    this.#connection.send(answerKinds.events, this.#requestId, body);
  }
}

const BODY_HEAD = Buffer.concat([Buffer.from([0x83]), encode('events')]);
const BODY_DAMAGED = encode('damaged');
const BODY_POSITION = encode('position');
