import type { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type ErrorBody, errorFromBody } from '../../shared/messages/error-body.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { NewPattern } from '../storage/event-store.ts';
import type { WriterJob, WriterOutcome } from '../writer/writer-messages.ts';
import { CommitRate } from './commit-rate.ts';
import { eventCount } from './event-count.ts';
import { IngestQueue } from './ingest-queue.ts';

/** Whoever sent a job: a connection, or what stands in for one. */
export interface Sender {
  readonly id: number;
  reply(requestId: number, body: unknown): void;
  refuseRequest(requestId: number, error: DaybookError): void;
  pause(reason: 'ingest'): void;
  resume(reason: 'ingest'): void;
}

export interface IngestTotals {
  stored: number;
  duplicate: number;
  rejected: number;
}

interface Waiting {
  sender: Sender;
  requestId: number;
  events: number;
  bytes: number;
}

type QueuedWork = { kind: 'record'; body: Buffer } | { kind: 'flush' } | { kind: 'store-pattern'; pattern: NewPattern };

/**
 * The way in: takes requests from connections, keeps the writer busy with one window of them, and hands each receipt to
 * whoever waits for it. It decides who may go on sending.
 */
export class Ingest {
  readonly totals: IngestTotals = { stored: 0, duplicate: 0, rejected: 0 };
  readonly rate = new CommitRate();
  readonly #queue = new IngestQueue<{ key: number; work: QueuedWork }>({
    totalBytes: limits.ingestQueueBytes,
    bytesPerSender: limits.ingestQueueBytesPerConnection,
  });
  readonly #post: (jobs: WriterJob[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #paused = new Set<Sender>();
  #nextKey = 1;
  #eventsUnderWay = 0;
  /** Bytes the writer holds. */
  #writerBytes = 0;
  #isRefillDue = false;

  constructor(post: (jobs: WriterJob[]) => void) {
    this.#post = post;
  }

  /** Events received and not yet answered. */
  get eventsUnderWay(): number {
    return this.#eventsUnderWay;
  }

  get bytesUnderWay(): number {
    return this.#queue.queuedBytes + this.#writerBytes;
  }

  record(sender: Sender, requestId: number, body: Buffer): void {
    this.#push(sender, requestId, { kind: 'record', body }, eventCount(body), body.length);
  }

  flush(sender: Sender, requestId: number): void {
    this.#push(sender, requestId, { kind: 'flush' }, 0, 0);
  }

  storePattern(sender: Sender, requestId: number, pattern: NewPattern): void {
    this.#push(sender, requestId, { kind: 'store-pattern', pattern }, 0, pattern.patternData.length);
  }

  /** Forgets a sender that has gone. What it sent complete is still stored. */
  forget(sender: Sender): void {
    this.#paused.delete(sender);
  }

  /** Hands everything that is queued to the writer, whatever its window: the last thing before it is closed. */
  postAll(): void {
    this.#post(this.#queue.take(Number.POSITIVE_INFINITY).map(({ job }) => writerJob(job.key, job.work)));
  }

  /** Passes on what the writer has done. */
  settle(outcomes: readonly WriterOutcome[]): void {
    for (const outcome of outcomes) {
      const waiting = this.#waiting.get(outcome.key);
      if (waiting === undefined) continue;
      this.#waiting.delete(outcome.key);
      this.#writerBytes -= waiting.bytes;
      this.#eventsUnderWay -= waiting.events;
      this.#answer(waiting, outcome);
    }
    this.#refill();
  }

  #answer({ sender, requestId }: Waiting, outcome: WriterOutcome): void {
    if ('receipt' in outcome) {
      this.#count(outcome.receipt);
      sender.reply(requestId, outcome.receipt);
    } else if ('patternId' in outcome) sender.reply(requestId, { id: outcome.patternId });
    else if ('error' in outcome) sender.refuseRequest(requestId, errorFromBody(outcome.error satisfies ErrorBody));
    else sender.reply(requestId, {});
  }

  #count(receipt: Receipt): void {
    this.totals.stored += receipt.stored;
    this.totals.duplicate += receipt.duplicate;
    this.totals.rejected += receipt.rejected.length;
    this.rate.add(receipt.stored, performance.now());
  }

  #push(sender: Sender, requestId: number, work: QueuedWork, events: number, bodyBytes: number): void {
    const key = this.#nextKey;
    this.#nextKey += 1;
    const bytes = bodyBytes + limits.requestOverheadBytes;
    this.#waiting.set(key, { sender, requestId, events, bytes });
    this.#eventsUnderWay += events;
    this.#queue.push({ sender: sender.id, bytes, job: { key, work } });
    if (!this.#queue.hasRoom(sender.id)) {
      this.#paused.add(sender);
      sender.pause('ingest');
    }
    // Frames of one read go to the writer in one message.
    if (!this.#isRefillDue) {
      this.#isRefillDue = true;
      process.nextTick(() => {
        this.#isRefillDue = false;
        this.#refill();
      });
    }
  }

  #refill(): void {
    const room = limits.writerWindowBytes - this.#writerBytes;
    if (room > 0 && !this.#queue.isEmpty) {
      const taken = this.#queue.take(room);
      for (const { bytes } of taken) this.#writerBytes += bytes;
      this.#post(taken.map(({ job }) => writerJob(job.key, job.work)));
    }
    for (const sender of this.#paused) {
      if (!this.#queue.hasRoom(sender.id)) continue;
      this.#paused.delete(sender);
      sender.resume('ingest');
    }
  }
}

function writerJob(key: number, work: QueuedWork): WriterJob {
  // The body is a view of a socket buffer: its bytes get a buffer of their own, which then moves to the writer.
  return work.kind === 'record' ? { kind: 'record', key, body: new Uint8Array(work.body) } : { ...work, key };
}
