import type { DaybookError } from '../shared/errors.ts';
import { encodeRecordHead } from '../shared/messages/record-body.ts';
import { record, type Rejection } from '../shared/messages/record.ts';
import { Backoff } from './backoff.ts';
import { type Batch, tooLarge } from './batch.ts';
import type { Lane } from './lane.ts';
import { type Link, LINK_FAILURES } from './link.ts';

/** What became of the events of one frame. */
export interface Outcome {
  stored: number;
  duplicate: number;
  rejected: readonly Rejection[];
  /** Why the daemon took none of them, and never looked at their numbers. */
  refusal?: DaybookError;
}

export interface DeliveryOptions {
  /** What there is to deliver, most urgent first. */
  lanes: () => Iterable<Lane>;
  /** Whether the daemon should commit at once. */
  isAwaited: () => boolean;
  onOutcome: (lane: Lane, batch: Batch, outcome: Outcome) => void;
  /** The daemon could not take a frame just now. */
  onRefused: () => void;
  /** The connection takes more after a pause. */
  onResumed: () => void;
}

/** Past either, events gather until there are receipts. */
const FRAMES_UNDER_WAY = 128;
const BYTES_UNDER_WAY = 8 * 1024 * 1024;
/**
 * Frames under way from which the daemon is asked to commit at once. What gathers is in this process only; it must not do
 * so for as long as the daemon may wait for its batch.
 */
const COMMIT_FROM_FRAMES = 64;
/** Bytes the socket has not taken, from which frames stay here and grow. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * Puts events into frames, as far as the connection takes them, and sees them to their receipt.
 *
 * States: waiting for a connection, sending, pausing after a refusal that may be tried again. A frame without a receipt
 * goes back to its lane, when the connection is lost or the frame is refused, and is sent again before anything behind it.
 */
export class Delivery {
  readonly #link: Link;
  readonly #options: DeliveryOptions;
  readonly #backoff = new Backoff();
  #framesUnderWay = 0;
  #bytesUnderWay = 0;
  #pause: NodeJS.Timeout | undefined;
  #isSending = false;
  /** The last frame leaves the moment of its commit to the daemon. */
  #isHeldBack = false;
  /** The daemon has refused a frame and taken none since. */
  isInTrouble = false;

  constructor(link: Link, options: DeliveryOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Whether frames are under way that the daemon may hold back. */
  get isHeldBack(): boolean {
    return this.#isHeldBack && this.#framesUnderWay > 0;
  }

  /** There is a new connection: nothing is under way. */
  opened(): void {
    this.isInTrouble = false;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    for (const lane of this.#options.lanes()) lane.notes?.opened();
  }

  /** Sends what there is, as far as the connection takes it. */
  send(): void {
    if (this.#isSending || !this.#link.isOpen || this.#pause !== undefined) return;
    this.#isSending = true;
    for (const lane of this.#options.lanes()) {
      while (this.#hasRoom()) {
        const batch = lane.next(this.#link.frameLimits);
        if (batch === undefined) {
          this.report(lane);
          break;
        }
        this.#post(lane, batch);
      }
      if (!this.#hasRoom()) break;
    }
    this.#isSending = false;
  }

  /** Tells the daemon of gaps. */
  report(lane: Lane, before?: number): void {
    if (this.#link.isOpen && this.#link.can('gaps')) lane.notes?.report(this.#link, before);
  }

  #hasRoom(): boolean {
    // One at a time until the daemon takes them again: otherwise a later one could be stored before an earlier one.
    const most = this.isInTrouble ? 1 : FRAMES_UNDER_WAY;
    if (this.#bytesUnderWay >= BYTES_UNDER_WAY) return false;
    return this.#framesUnderWay < most && this.#link.unsentBytes < HIGH_WATER_BYTES;
  }

  #post(lane: Lane, batch: Batch): void {
    this.report(lane, batch.first);
    const { first, events } = batch;
    const { length: bytes } = events.bytes;
    if (bytes > this.#link.frameLimits.bytes) {
      this.#settle(lane, batch, refusedAll(batch, tooLarge(bytes, this.#link.frameLimits)));
      return;
    }
    const origin = this.#link.can('gaps') ? { producer: lane.producer, epoch: lane.epoch, first } : undefined;
    const wait = batch.isUrgent || this.#framesUnderWay >= COMMIT_FROM_FRAMES || this.#options.isAwaited();
    this.#isHeldBack = !wait;
    this.#framesUnderWay += 1;
    this.#bytesUnderWay += bytes;
    this.#link.request({
      kind: record.kind,
      body: [encodeRecordHead(events.count, 'committed', wait, origin), events.bytes],
      isRepeatable: false,
      onReply: (reply) => {
        const outcome = record.parseReply(reply);
        this.#framesUnderWay -= 1;
        this.#bytesUnderWay -= bytes;
        this.#backoff.reset();
        this.isInTrouble = false;
        this.#settle(lane, batch, outcome);
      },
      onError: (error) => {
        this.#framesUnderWay -= 1;
        this.#bytesUnderWay -= bytes;
        if (this.#link.isClosed || LINK_FAILURES.has(error.code)) lane.giveBack(batch);
        else if (error.retryable) {
          // The same bytes again: identity removes the copy if the first ones were stored after all.
          lane.giveBack(batch);
          this.#refused();
        } else this.#settle(lane, batch, refusedAll(batch, error));
      },
    });
  }

  #settle(lane: Lane, batch: Batch, outcome: Outcome): void {
    lane.settle(batch);
    this.#options.onOutcome(lane, batch, outcome);
  }

  #refused(): void {
    this.isInTrouble = true;
    this.#pause ??= setTimeout(() => {
      this.#pause = undefined;
      this.#options.onResumed();
    }, this.#backoff.next()).unref();
    this.#options.onRefused();
  }
}

function refusedAll({ events }: Batch, refusal: DaybookError): Outcome {
  const { code, message } = refusal;
  const rejected = Array.from({ length: events.count }, (_, index) => ({ index, code, message }));
  return { stored: 0, duplicate: 0, rejected, refusal };
}
