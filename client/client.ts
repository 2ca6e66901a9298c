import type { Transport } from '../shared/byte-stream.ts';
import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { EventInput, StoredEvent } from '../shared/event.ts';
import type { HelloReply } from '../shared/messages/hello.ts';
import type { MessageKind } from '../shared/messages/message-kind.ts';
import { query, type QueryReply, type QueryRequest } from '../shared/messages/query.ts';
import type { Durability, Receipt, Rejection } from '../shared/messages/record.ts';
import { stats, type StatsReply } from '../shared/messages/stats.ts';
import { status, type StatusReply } from '../shared/messages/status.ts';
import { storePattern, type StorePatternReply, type StorePatternRequest } from '../shared/messages/store-pattern.ts';
import { Link } from './link.ts';
import { type EventQuery, queryEvents, queryPages } from './query.ts';
import { type RecordCounters, Recorder } from './record.ts';
import { Tail, type TailOptions } from './tail.ts';

export interface ClientOptions {
  socketPath: string;
  /** Who this is, for the daemon's log and status. */
  clientName: string;
  transport: Transport;
  reconnect: boolean;
  /** Bytes of recorded events that may wait for their receipt; past it `record()` returns false. */
  bufferBytes: number;
  /** Have every recorded event committed at once instead of within the daemon's batch timeout (5 s). */
  commitAtOnce: boolean;
  /** Told about each recorded event that the daemon refused. */
  onRejected: (rejection: Rejection) => void;
}

const CLOSE_TIMEOUT_MS = 5_000;

/** A process's line to the daemon. Made by `connect`; usable at once, whether or not the daemon is there. */
export class Client {
  readonly #link: Link;
  readonly #recorder: Recorder;
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#link = new Link({
      socketPath: options.socketPath,
      clientName: options.clientName,
      transport: options.transport,
      reconnect: options.reconnect,
      onDrain: () => this.#recorder.send(),
    });
    this.#recorder = new Recorder(this.#link, options);
  }

  /** Resolves when the daemon has greeted. @throws DaybookError not_reachable (without `reconnect`), bad_version */
  ready(): Promise<HelloReply> {
    return this.#link.greeting;
  }

  /**
   * Takes one event and returns at once; it is delivered when the daemon is there. Returns false when the buffer is
   * full: the event was not taken, and is counted in `counters.dropped`.
   * @throws DaybookError when the event can never be stored (too_large, invalid_data), or `closed`
   */
  record(event: EventInput): boolean {
    if (this.#isClosed) throw new DaybookError('closed', 'the client is closed');
    return this.#recorder.record(event);
  }

  /** Sends events and resolves with their receipt, after COMMIT. @throws DaybookError */
  recordBatch(events: Iterable<EventInput>, options: { durability?: Durability } = {}): Promise<Receipt> {
    return this.#recorder.recordBatch(events, options.durability ?? 'committed');
  }

  /** Resolves when everything given to `record()` so far has its receipt. @throws DaybookError undelivered */
  flush(): Promise<void> {
    return this.#recorder.flush();
  }

  /** What became of the events given to `record()`. */
  get counters(): Readonly<RecordCounters> {
    return { ...this.#recorder.counters };
  }

  /** One page of events. @throws DaybookError */
  page(request: Partial<QueryRequest>): Promise<QueryReply> {
    return this.#ask(query, request);
  }

  /** All pages of a query, in order. */
  pages(options: EventQuery = {}): AsyncGenerator<QueryReply, void, undefined> {
    return queryPages(options, (request) => this.#ask(query, request));
  }

  /** All events of a query, in order, however many there are. */
  events(options: EventQuery = {}): AsyncGenerator<StoredEvent, void, undefined> {
    return queryEvents(options, (request) => this.#ask(query, request));
  }

  /** Events as they are committed, in that order, from now on or from `after`. */
  tail(options: TailOptions = {}): Tail {
    return new Tail(this.#link, options);
  }

  stats(): Promise<StatsReply> {
    return this.#ask(stats, {});
  }

  status(): Promise<StatusReply> {
    return this.#ask(status, {});
  }

  /** Stores a pattern. Not repeated after a lost connection: then the outcome is unknown. @throws DaybookError */
  storePattern(pattern: StorePatternRequest): Promise<StorePatternReply> {
    return this.#ask(storePattern, pattern, false);
  }

  /**
   * Delivers what was recorded, then ends the connection.
   * @throws DaybookError undelivered with the number of events that have no receipt after `timeoutMs`
   */
  async close(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, options.timeoutMs ?? CLOSE_TIMEOUT_MS);
    try {
      await Promise.race([this.#recorder.flush(), timeout.promise]);
    } finally {
      clearTimeout(timer);
      this.#link.close();
    }
    const { pending } = this.#recorder.counters;
    if (pending > 0) throw new DaybookError('undelivered', `${pending} events have no receipt from the daemon`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask<Request, Reply>(message: MessageKind<Request, Reply>, body: unknown, isRepeatable = true): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#link.request({
        kind: message.kind,
        body: encode(body),
        isRepeatable,
        onReply: (reply) => resolve(new Promise((parsed) => parsed(message.parseReply(reply)))),
        onError: reject,
      });
    });
  }
}
