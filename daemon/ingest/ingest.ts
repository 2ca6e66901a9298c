import type { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type ErrorBody, errorFromBody } from '../../shared/messages/error-body.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import type { ReportedGap } from '../../shared/messages/report-gaps.ts';
import type { StoreSampleRequest } from '../../shared/messages/samples.ts';
import type { NewPattern } from '../storage/event-store.ts';
import type { CursorWork } from '../writer/cursor-jobs.ts';
import type { IncomingJob, ReceiptCounts, WriterOutcome } from '../writer/writer-messages.ts';
import { CommitRate } from './commit-rate.ts';
import { eventCount } from './event-count.ts';
import { IngestQueue, type QueuedJob } from './ingest-queue.ts';
import { ReceiptTimes } from './receipt-times.ts';

/** Whoever sent a job: a connection, or what stands in for one. */
export interface Sender {
  readonly id: number;
  reply(requestId: number, body: unknown): void;
  /** An answer that is encoded already. */
  send(kind: string, requestId: number, body: Uint8Array): void;
  refuseRequest(requestId: number, error: DaybookError): void;
  pause(reason: 'ingest'): void;
  resume(reason: 'ingest'): void;
}

/** Bytes of a request that goes ahead of the window when its sender has nothing else under way. */
const SMALL_BYTES = 16 * 1024;

interface Waiting {
  sender: Sender;
  requestId: number;
  events: number;
  bytes: number;
  /** When it was taken up, of a monotonic clock. */
  sinceMs: number;
}

export type QueuedWork =
  | { kind: 'record'; body: Uint8Array }
  | { kind: 'flush' }
  | { kind: 'store-pattern'; pattern: NewPattern }
  | { kind: 'report-gaps'; gaps: ReportedGap[] }
  | CursorWork
  | { kind: 'mark-processed'; ids: number[]; processed: boolean }
  | { kind: 'declare-source'; source: string; cadenceSeconds: number | null }
  | { kind: 'store-sample'; sample: StoreSampleRequest };

/**
 * The way in: takes requests from connections, keeps the writer busy with one window of them, and hands each receipt to
 * whoever waits for it. It decides who may go on sending.
 */
export class Ingest {
  readonly totals: ReceiptCounts = { stored: 0, duplicate: 0, rejected: 0 };
  readonly rate = new CommitRate();
  /** Transactions that stored events. */
  readonly commits = new CommitRate();
  readonly receiptTimes = new ReceiptTimes();
  readonly #queue = new IngestQueue<{ key: number; work: QueuedWork }>({
    totalBytes: limits.ingestQueueBytes,
    bytesPerSender: limits.ingestQueueBytesPerConnection,
  });
  readonly #post: (jobs: IncomingJob[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #paused = new Set<Sender>();
  #nextKey = 1;
  #eventsUnderWay = 0;
  /** Requests under way, by sender. */
  readonly #requestsOf = new Map<number, number>();
  /** Goes to the writer next, whatever its window. */
  #ahead: IncomingJob[] = [];
  /** Bytes the writer holds. */
  #writerBytes = 0;
  #isRefillDue = false;
  /** When the requests of this read were taken up. */
  #nowMs = 0;

  constructor(post: (jobs: IncomingJob[]) => void) {
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
    // The body is a view of a socket buffer, which is released soon.
    this.#push(sender, requestId, { kind: 'record', body: Buffer.from(body) }, eventCount(body), body.length);
  }

  flush(sender: Sender, requestId: number): void {
    this.#push(sender, requestId, { kind: 'flush' }, 0, 0);
  }

  storePattern(sender: Sender, requestId: number, pattern: NewPattern): void {
    this.#push(sender, requestId, { kind: 'store-pattern', pattern }, 0, pattern.patternData.length);
  }

  reportGaps(sender: Sender, requestId: number, gaps: ReportedGap[], bodyBytes: number): void {
    this.#push(sender, requestId, { kind: 'report-gaps', gaps }, 0, bodyBytes);
  }

  /** Everything else that the writer does, of this size. */
  commit(sender: Sender, requestId: number, work: Exclude<QueuedWork, { kind: 'record' }>, bytes: number): void {
    this.#push(sender, requestId, work, 0, bytes);
  }

  /** Forgets a sender that has gone. What it sent complete is still stored. */
  forget(sender: Sender): void {
    this.#paused.delete(sender);
  }

  /** Hands everything that is queued to the writer, whatever its window: the last thing before it is closed. */
  postAll(): void {
    this.#post([...this.#ahead, ...this.#queue.take(Number.POSITIVE_INFINITY).map(incomingJob)]);
    this.#ahead = [];
  }

  /** Passes on what the writer has done. */
  settle(outcomes: readonly WriterOutcome[]): void {
    const nowMs = performance.now();
    const storedBefore = this.totals.stored;
    for (const outcome of outcomes) {
      const waiting = this.#waiting.get(outcome.key);
      if (waiting === undefined) continue;
      this.#waiting.delete(outcome.key);
      this.#countRequest(waiting.sender.id, -1);
      this.#writerBytes -= waiting.bytes;
      this.#eventsUnderWay -= waiting.events;
      this.#answer(waiting, outcome, nowMs);
    }
    const stored = this.totals.stored - storedBefore;
    if (stored > 0) {
      this.rate.add(stored, nowMs);
      this.commits.add(1, nowMs);
    }
    this.#refill();
  }

  #answer({ sender, requestId, sinceMs }: Waiting, outcome: WriterOutcome, nowMs: number): void {
    if ('receipt' in outcome) {
      this.#count(outcome.counts);
      if (outcome.isHeld === undefined) this.receiptTimes.add(nowMs - sinceMs, nowMs);
      sender.send(answerKinds.reply, requestId, outcome.receipt);
    } else if ('patternId' in outcome) sender.reply(requestId, { id: outcome.patternId });
    else if ('reply' in outcome) sender.reply(requestId, outcome.reply);
    else if ('error' in outcome) sender.refuseRequest(requestId, errorFromBody(outcome.error satisfies ErrorBody));
    else sender.reply(requestId, {});
  }

  #count({ stored, duplicate, rejected }: ReceiptCounts): void {
    this.totals.stored += stored;
    this.totals.duplicate += duplicate;
    this.totals.rejected += rejected;
  }

  #push(sender: Sender, requestId: number, work: QueuedWork, events: number, bodyBytes: number): void {
    const key = this.#nextKey;
    this.#nextKey += 1;
    const bytes = bodyBytes + limits.requestOverheadBytes + events * limits.eventOverheadBytes;
    if (!this.#isRefillDue) this.#nowMs = performance.now();
    this.#waiting.set(key, { sender, requestId, events, bytes, sinceMs: this.#nowMs });
    this.#eventsUnderWay += events;
    const queued = { sender: sender.id, bytes, job: { key, work } };
    // Who asks for little, one thing at a time, does not wait behind those who send a flood.
    if (this.#countRequest(sender.id, 1) === 1 && bytes <= SMALL_BYTES) {
      this.#writerBytes += bytes;
      this.#ahead.push(incomingJob(queued));
    } else this.#queue.push(queued);
    if (!this.#queue.hasRoom(sender.id)) {
      this.#paused.add(sender);
      sender.pause('ingest');
    }
    // Frames of one read go to the writer in one message.
    if (!this.#isRefillDue) {
      this.#isRefillDue = true;
      process.nextTick(this.#refillNow);
    }
  }

  readonly #refillNow = (): void => {
    this.#isRefillDue = false;
    this.#refill();
  };

  /** Returns how many requests of the sender are under way now. */
  #countRequest(sender: number, change: 1 | -1): number {
    const count = (this.#requestsOf.get(sender) ?? 0) + change;
    if (count === 0) this.#requestsOf.delete(sender);
    else this.#requestsOf.set(sender, count);
    return count;
  }

  #refill(): void {
    const room = limits.writerWindowBytes - this.#writerBytes;
    const taken = room > 0 ? this.#queue.take(room) : [];
    for (const { bytes } of taken) this.#writerBytes += bytes;
    if (this.#ahead.length + taken.length > 0) this.#post([...this.#ahead, ...taken.map(incomingJob)]);
    this.#ahead = [];
    for (const sender of this.#paused) {
      if (!this.#queue.hasRoom(sender.id)) continue;
      this.#paused.delete(sender);
      sender.resume('ingest');
    }
  }
}

function incomingJob({ sender, job: { key, work } }: QueuedJob<{ key: number; work: QueuedWork }>): IncomingJob {
  return { ...work, key, sender };
}
