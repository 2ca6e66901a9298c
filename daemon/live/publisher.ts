import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { TailRequest } from '../../shared/messages/tail.ts';
import type { Reader } from '../query/reader.ts';
import type { Connection } from '../socket/connection.ts';
import { Subscriber } from './subscriber.ts';

/** Knows who follows, and wakes them when something was committed. */
export class Publisher {
  readonly #reader: Reader;
  readonly #databaseId: string;
  readonly #subscribers = new Map<Connection, Map<number, Subscriber>>();
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
   * @throws DaybookError too_many_tails, invalid_cursor
   */
  start(connection: Connection, requestId: number, request: TailRequest): void {
    const tails = this.#subscribers.get(connection) ?? new Map<number, Subscriber>();
    if (tails.size >= limits.tailsPerConnection) {
      throw new DaybookError('too_many_tails', `a connection follows at most ${limits.tailsPerConnection} tails`);
    }
    if (tails.has(requestId)) throw new DaybookError('invalid_request', 'a tail with this request id is running');
    const after = request.after ?? { databaseId: this.#databaseId, id: this.#lastId };
    if (after.databaseId !== this.#databaseId) {
      throw new DaybookError('invalid_cursor', 'the position belongs to another database');
    }
    if (after.id > this.#lastId) throw new DaybookError('invalid_cursor', 'the position is ahead of the database');
    const subscriber = new Subscriber(connection, requestId, this.#reader, this.#databaseId, request.filter, after.id);
    tails.set(requestId, subscriber);
    this.#subscribers.set(connection, tails);
    connection.reply(requestId, { position: after });
    subscriber.wake(this.#lastId);
  }

  stop(connection: Connection, requestId: number): void {
    const tails = this.#subscribers.get(connection);
    tails?.get(requestId)?.stop();
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
