import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { TailPosition, TailRequest } from '../../shared/messages/tail.ts';
import type { Reader } from '../query/reader.ts';
import type { Connection } from '../socket/connection.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { Subscriber } from './subscriber.ts';

/** Knows who follows, and wakes them when something was committed. */
export class Publisher {
  readonly #reader: Reader;
  readonly #databaseId: string;
  readonly #subscribers = new Map<Connection, Map<number, Subscriber>>();
  readonly #pages = new WeakMap<Connection, OneAtATime>();
  #lastId: number;

  constructor(reader: Reader, databaseId: string, lastId: number) {
    this.#reader = reader;
    this.#databaseId = databaseId;
    this.#lastId = lastId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get tails(): number {
    let count = 0;
    for (const tails of this.#subscribers.values()) count += tails.size;
    return count;
  }

  /**
   * Starts a tail and answers its request.
   * @param onFailed told when the tail ends though nobody stopped it
   * @throws DaybookError too_many_tails, invalid_cursor
   */
  start(connection: Connection, requestId: number, request: TailRequest, onFailed: () => void = () => undefined): void {
    const tails = this.#subscribers.get(connection) ?? new Map<number, Subscriber>();
    if (tails.size >= limits.tailsPerConnection) {
      throw new DaybookError('too_many_tails', `a connection follows at most ${limits.tailsPerConnection} tails`);
    }
    if (tails.has(requestId)) throw new DaybookError('invalid_request', 'a tail with this request id is running');
    const after = request.after ?? { databaseId: this.#databaseId, id: this.#lastId };
    if (after.databaseId !== this.#databaseId) {
      throw new DaybookError('invalid_cursor', 'the position belongs to another database');
    }
    const onEnded = () => {
      this.#remove(connection, requestId);
      onFailed();
    };
    const pages = this.#pagesOf(connection);
    const reader = this.#reader;
    const subscriber = new Subscriber({ connection, requestId, reader, request, after, pages, onEnded });
    tails.set(requestId, subscriber);
    this.#subscribers.set(connection, tails);
    if (after.id <= this.#lastId) {
      connection.reply(requestId, { position: after, newestId: this.#lastId });
      subscriber.wake(this.#lastId);
    } else void this.#startAhead(connection, requestId, subscriber, after, onEnded);
  }

  /**
   * A position that is not known to be committed yet: the client may have read it from the database an instant before
   * the writer told us, or it is from a time that this database has lost.
   */
  async #startAhead(
    connection: Connection,
    requestId: number,
    subscriber: Subscriber,
    after: TailPosition,
    onEnded: () => void,
  ): Promise<void> {
    const isStopped = () => this.#subscribers.get(connection)?.get(requestId) !== subscriber;
    try {
      const { newestId } = await this.#reader.ask({ kind: 'arrivals', afterId: after.id, filter: {}, maxRows: 1 });
      if (newestId < after.id) throw new DaybookError('invalid_cursor', 'the position is ahead of the database');
      if (isStopped()) return;
      connection.reply(requestId, { position: after, newestId });
      subscriber.wake(this.#lastId);
    } catch (error) {
      if (isStopped()) return;
      subscriber.stop();
      onEnded();
      connection.refuseRequest(
        requestId,
        error instanceof DaybookError ? error : new DaybookError('internal', String(error)),
      );
    }
  }

  stop(connection: Connection, requestId: number): void {
    this.#subscribers.get(connection)?.get(requestId)?.stop();
    this.#remove(connection, requestId);
  }

  #pagesOf(connection: Connection): OneAtATime {
    const pages = this.#pages.get(connection) ?? new OneAtATime();
    this.#pages.set(connection, pages);
    return pages;
  }

  #remove(connection: Connection, requestId: number): void {
    const tails = this.#subscribers.get(connection);
    tails?.delete(requestId);
    if (tails?.size === 0) this.#subscribers.delete(connection);
  }

  forget(connection: Connection): void {
    for (const subscriber of this.#subscribers.get(connection)?.values() ?? []) subscriber.stop();
    this.#subscribers.delete(connection);
  }

  /** Everything up to this id is committed. */
  publish(lastId: number): void {
    if (lastId <= this.#lastId) return;
    this.#lastId = lastId;
    for (const tails of this.#subscribers.values()) {
      for (const subscriber of tails.values()) subscriber.wake(lastId);
    }
  }

  /** Events of a daemon that stores nothing: shown to whoever follows, kept nowhere. */
  publishUnpersisted(events: readonly StoredEvent[]): void {
    for (const tails of this.#subscribers.values()) {
      for (const subscriber of tails.values()) subscriber.show(events);
    }
  }

  /** The connection has taken what was sent to it. */
  drained(connection: Connection): void {
    for (const subscriber of this.#subscribers.get(connection)?.values() ?? []) subscriber.wake(this.#lastId);
  }
}
