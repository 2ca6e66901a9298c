import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { EventInput } from '../shared/event.ts';
import { flush } from '../shared/messages/flush.ts';
import { encodeEvent, encodeRecordBody } from '../shared/messages/record-body.ts';
import { type Durability, type Receipt, record, type Rejection } from '../shared/messages/record.ts';
import { Backoff } from './backoff.ts';
import { EventClock } from './event-clock.ts';
import { type Link, LINK_FAILURES } from './link.ts';

export interface RecorderOptions {
  /** Bytes of events that may wait for their receipt. */
  bufferBytes: number;
  /** Ask for a commit with every frame, instead of leaving it to the daemon's batch timeout. */
  commitAtOnce: boolean;
  onRejected: (rejection: Rejection) => void;
}

/** What became of the events given to `record()` so far. */
export interface RecordCounters {
  recorded: number;
  stored: number;
  duplicate: number;
  rejected: number;
  /** Refused by `record()` because the buffer was full. */
  dropped: number;
  /** Waiting for their receipt. */
  pending: number;
}

/** Encoded events that will share a frame. */
interface Group {
  events: Buffer[];
  bytes: number;
}

const EVENTS_PER_FRAME = 500;
const BYTES_PER_FRAME = 256 * 1024;
const FRAMES_UNDER_WAY = 32;
/** Bytes the socket has not taken, from which frames stay here and grow. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * Takes events and sees them to their receipt. Events are encoded when they are given, so the caller may change them
 * afterwards; those of one turn of the event loop share a frame, and under load frames fill up.
 *
 * An event is gathered (not in a frame yet), then under way (in a frame, sent or to be sent again), then settled.
 */
export class Recorder {
  readonly #link: Link;
  readonly #options: RecorderOptions;
  readonly #clock = new EventClock();
  readonly #backoff = new Backoff();
  /** Groups that are full and wait for their turn, and the one that is filling. */
  readonly #full: Group[] = [];
  #filling: Group = { events: [], bytes: 0 };
  #bytes = 0;
  #framesUnderWay = 0;
  #isSendDue = false;
  /** Why nothing can be delivered any more. */
  #failure: DaybookError | undefined;
  readonly #flushes = new Set<() => void>();
  readonly counters: RecordCounters = { recorded: 0, stored: 0, duplicate: 0, rejected: 0, dropped: 0, pending: 0 };

  constructor(link: Link, options: RecorderOptions) {
    this.#link = link;
    this.#options = options;
  }

  /**
   * Takes one event. False when the buffer is full: the event was counted as dropped.
   * @throws DaybookError when the event can never be stored: not encodable, or too large
   */
  record(event: EventInput): boolean {
    const bytes = encodeEvent(this.#stamped(event));
    if (this.#bytes + bytes.length > this.#options.bufferBytes) {
      this.counters.dropped += 1;
      return false;
    }
    this.counters.recorded += 1;
    this.counters.pending += 1;
    this.#bytes += bytes.length;
    this.#filling.events.push(bytes);
    this.#filling.bytes += bytes.length;
    if (isFull(this.#filling)) {
      this.#full.push(this.#filling);
      this.#filling = { events: [], bytes: 0 };
      this.send();
    } else if (!this.#isSendDue) {
      this.#isSendDue = true;
      setImmediate(() => {
        this.#isSendDue = false;
        this.send();
      });
    }
    return true;
  }

  /** Puts what is gathered into frames, as far as the connection takes them. */
  send(): void {
    while (this.#framesUnderWay < FRAMES_UNDER_WAY && this.#link.unsentBytes < HIGH_WATER_BYTES) {
      const group = this.#nextGroup();
      if (group === undefined) return;
      this.#post(group, this.#options.commitAtOnce);
    }
  }

  /**
   * Resolves when everything recorded so far has its receipt.
   * @throws DaybookError undelivered, when the client cannot reach the daemon any more
   */
  async flush(): Promise<void> {
    const target = this.counters.recorded;
    let isLastFrameWaiting = this.#options.commitAtOnce;
    for (let group = this.#nextGroup(); group !== undefined; group = this.#nextGroup()) {
      this.#post(group, true);
      isLastFrameWaiting = true;
    }
    if (this.counters.pending > 0 && !isLastFrameWaiting && this.#failure === undefined && !this.#link.isClosed) {
      this.#requestFlush();
    }
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (this.#failure !== undefined && this.counters.pending > 0) reject(this.#undelivered(this.#failure));
        else if (this.counters.recorded - this.counters.pending >= target) resolve();
        else return;
        this.#flushes.delete(check);
      };
      this.#flushes.add(check);
      check();
    });
  }

  /** Sends events of their own and resolves with their receipt. @throws DaybookError */
  async recordBatch(events: Iterable<EventInput>, durability: Durability): Promise<Receipt> {
    const receipts: { receipt: Receipt; indexes: number[] }[] = [];
    const local: Rejection[] = [];
    let group: Group = { events: [], bytes: 0 };
    let indexes: number[] = [];
    const sent: Promise<void>[] = [];
    const send = () => {
      const ofGroup = indexes;
      sent.push(
        this.#requestReceipt(group.events, durability).then((receipt) => {
          receipts.push({ receipt, indexes: ofGroup });
        }),
      );
      group = { events: [], bytes: 0 };
      indexes = [];
    };
    let index = -1;
    for (const event of events) {
      index += 1;
      try {
        const bytes = encodeEvent(this.#stamped(event));
        group.events.push(bytes);
        group.bytes += bytes.length;
        indexes.push(index);
      } catch (error) {
        if (!(error instanceof DaybookError)) throw error;
        local.push({ index, code: error.code, message: error.message });
      }
      if (isFull(group)) send();
    }
    if (group.events.length > 0) send();
    await Promise.all(sent);
    return mergeReceipts(receipts, local, durability);
  }

  #stamped(event: EventInput): EventInput {
    return event.timestamp === undefined ? { ...event, timestamp: this.#clock.now() } : event;
  }

  #requestReceipt(events: readonly Buffer[], durability: Durability): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#link.request({
        kind: record.kind,
        body: encodeRecordBody(events, durability, true),
        isRepeatable: true,
        onReply: (body) => resolve(record.parseReply(body)),
        onError: reject,
      });
    });
  }

  /** Commits what the daemon holds back for its batch; the receipts come first. */
  #requestFlush(): void {
    this.#link.request({
      kind: flush.kind,
      body: encode({}),
      isRepeatable: true,
      onReply: () => undefined,
      // The frames themselves find out what is wrong.
      onError: () => undefined,
    });
  }

  #nextGroup(): Group | undefined {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    if (this.#filling.events.length === 0) return undefined;
    const filling = this.#filling;
    this.#filling = { events: [], bytes: 0 };
    return filling;
  }

  #post(group: Group, wait: boolean): void {
    this.#framesUnderWay += 1;
    this.#request(group, wait);
  }

  #request(group: Group, wait: boolean): void {
    if (this.#failure !== undefined) return;
    if (this.#link.isClosed) {
      this.#fail(new DaybookError('closed', 'the connection is closed'));
      return;
    }
    const count = group.events.length;
    const size = group.bytes;
    this.#link.request({
      kind: record.kind,
      body: encodeRecordBody(group.events, 'committed', wait),
      isRepeatable: true,
      onReply: (reply) => {
        const { stored, duplicate, rejected } = record.parseReply(reply);
        this.#backoff.reset();
        this.counters.stored += stored;
        this.counters.duplicate += duplicate;
        this.#settle(count, size, rejected);
      },
      onError: (error) => {
        if (LINK_FAILURES.has(error.code)) this.#fail(error);
        else if (error.retryable) {
          // The same bytes again: identity removes the copy if the first ones were stored after all.
          // Whoever waits for it asked for a commit before; nobody asks again, so this one does.
          setTimeout(() => this.#request(group, true), this.#backoff.next());
        } else {
          const { code, message } = error;
          this.#settle(
            count,
            size,
            Array.from({ length: count }, (_, index) => ({ index, code, message })),
          );
        }
      },
    });
  }

  #settle(count: number, size: number, rejected: readonly Rejection[]): void {
    this.#framesUnderWay -= 1;
    this.#bytes -= size;
    this.counters.pending -= count;
    this.counters.rejected += rejected.length;
    for (const rejection of rejected) {
      // The caller's own code: what it throws is its process's affair, not that of the connection.
      queueMicrotask(() => this.#options.onRejected(rejection));
    }
    for (const check of this.#flushes) check();
    this.send();
  }

  #fail(error: DaybookError): void {
    this.#failure ??= error;
    for (const check of this.#flushes) check();
  }

  #undelivered(cause: DaybookError): DaybookError {
    return new DaybookError('undelivered', `${this.counters.pending} events have no receipt: ${cause.message}`, {
      cause,
    });
  }
}

function isFull(group: Group): boolean {
  return group.events.length >= EVENTS_PER_FRAME || group.bytes >= BYTES_PER_FRAME;
}

function mergeReceipts(
  parts: readonly { receipt: Receipt; indexes: number[] }[],
  local: readonly Rejection[],
  level: Durability,
): Receipt {
  const merged: Receipt = {
    stored: 0,
    duplicate: 0,
    rejected: [...local],
    firstId: null,
    lastId: null,
    level,
    persisted: true,
  };
  for (const { receipt, indexes } of parts) {
    merged.stored += receipt.stored;
    merged.duplicate += receipt.duplicate;
    merged.persisted &&= receipt.persisted;
    for (const rejection of receipt.rejected) {
      merged.rejected.push({ ...rejection, index: indexes[rejection.index] ?? rejection.index });
    }
    if (receipt.firstId !== null) merged.firstId = Math.min(merged.firstId ?? receipt.firstId, receipt.firstId);
    if (receipt.lastId !== null) merged.lastId = Math.max(merged.lastId ?? receipt.lastId, receipt.lastId);
  }
  merged.rejected.sort((a, b) => a.index - b.index);
  return merged;
}
