import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { EventInput } from '../shared/event.ts';
import { flush } from '../shared/messages/flush.ts';
import type { Durability, Receipt, Rejection } from '../shared/messages/record.ts';
import type { Batch } from './batch.ts';
import { Conditions } from './conditions.ts';
import { Delivery, type Outcome } from './delivery.ts';
import { EventClock } from './event-clock.ts';
import { EventWriter } from './event-writer.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import { recordBatch } from './record-batch.ts';
import type { RecordCounters, Recovery } from './record-counters.ts';
import type { SpoolSettings } from './spool/settings.ts';
import { Stash } from './stash.ts';

export interface RecorderOptions {
  /** Whose events these are, for the daemon's list of gaps. */
  producer: string;
  /** Bytes of events that may be in memory only. */
  bufferBytes: number;
  /** Ask for a commit with every frame, instead of leaving it to the daemon's batch timeout. */
  commitAtOnce: boolean;
  onRejected: (rejection: Rejection) => void;
  /** Where events are while there is no daemon; without it they are in memory only. */
  spool: SpoolSettings | undefined;
  /** Told why the spool cannot be used, each thing once. */
  onSpoolProblem: (error: unknown) => void;
}

/** How long events wait in memory for the first connection. */
const PATIENCE_MS = 1_000;
const MAX_SAID_PROBLEMS = 100;

/**
 * Takes events and sees them to their receipt. Events are encoded and numbered when they are given, so the caller may
 * change them afterwards; those of one turn of the event loop share a frame, and under load frames fill up.
 *
 * An event is gathered (not in a frame yet), then under way (in a frame, sent or to be sent again), then settled. What is
 * in memory only is so while there is a healthy connection. Without one everything goes to the spool at the end of each
 * turn and comes back from there, until the spool has been read to its end.
 */
export class Recorder {
  readonly #link: Link;
  readonly #options: RecorderOptions;
  readonly #clock = new EventClock();
  readonly #stash: Stash;
  readonly #delivery: Delivery;
  readonly #conditions = new Conditions();
  /** Empty, and not in use. */
  #batchWriter: EventWriter | undefined;
  #nextCounter = 1;
  #isTurnDue = false;
  /** A connection was lost or could not be made, and there is none yet. */
  #isDown = false;
  #patience: NodeJS.Timeout | undefined;
  /** Why nothing can be delivered any more. */
  #failure: DaybookError | undefined;
  readonly #saidProblems = new Set<string>();
  readonly #recovery: Recovery = { stored: 0, duplicate: 0, rejected: 0, damaged: 0 };
  readonly #counters = {
    recorded: 0,
    stored: 0,
    duplicate: 0,
    rejected: 0,
    dropped: 0,
    pending: 0,
    recovered: 0,
    damaged: 0,
    spoolProblems: 0,
  };

  constructor(link: Link, options: RecorderOptions) {
    this.#link = link;
    this.#options = options;
    this.#stash = new Stash({
      ...options,
      onLost: (lane, count, why) => this.#lost(lane, count, why),
      onNews: (lane) => this.#news(lane),
      onProblem: (error) => this.#problem(error),
      onRetry: () => this.#proceed(),
    });
    this.#delivery = new Delivery(link, {
      lanes: () => [...this.#stash.orphans, this.#stash.lane],
      isAwaited: () => options.commitAtOnce || this.#conditions.size > 0,
      onOutcome: (lane, batch, outcome) => this.#settle(lane, batch, outcome),
      onRefused: () => this.#proceed(),
      onResumed: () => this.#proceed(),
    });
  }

  get counters(): RecordCounters {
    return { ...this.#counters, spooled: this.#stash.spooled };
  }

  /**
   * Takes one event. False when there is no room for it: it was counted as dropped, and the daemon will be told.
   * @throws DaybookError when the event can never be stored: not encodable, or too large
   */
  record(event: EventInput): boolean {
    const stamped = this.#stamped(event);
    const bytes = this.#stash.write(stamped);
    const counter = this.#nextCounter;
    this.#nextCounter += 1;
    const obstacle = this.#stash.obstacleTo(bytes, this.#isSpooling);
    if (obstacle !== undefined) {
      this.#counters.dropped += 1;
      this.#stash.notesOf(this.#stash.lane).addEvent(counter, stamped, obstacle);
      return false;
    }
    this.#counters.recorded += 1;
    this.#counters.pending += 1;
    if (this.#stash.push(counter, bytes)) this.#proceed();
    else if (!this.#isTurnDue) {
      this.#isTurnDue = true;
      setImmediate(() => {
        this.#isTurnDue = false;
        this.#endTurn();
      });
    }
    return true;
  }

  /** Puts what is gathered into frames, as far as the connection takes them. */
  send(): void {
    this.#delivery.send();
  }

  /** There is a connection. */
  opened(): void {
    this.#isDown = false;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#delivery.opened();
    this.#stash.claim();
    this.#proceed();
    this.#conditions.check();
  }

  /** There is none. */
  lost(error: DaybookError): void {
    this.#isDown = true;
    if (this.#link.isClosed) this.#failure ??= error;
    if (this.#counters.pending > 0) this.#proceed();
    this.#conditions.check();
  }

  /**
   * Resolves when everything recorded so far has its receipt.
   * @throws DaybookError undelivered, when the client cannot reach the daemon any more
   */
  async flush(): Promise<void> {
    const counters = this.#counters;
    const target = counters.recorded;
    const flushed = this.#conditions.wait(() => {
      if (this.#failure !== undefined && counters.pending > 0) throw this.#undelivered(this.#failure);
      return counters.recorded - counters.pending >= target;
    });
    this.#proceed();
    if (this.#delivery.isHeldBack && this.#link.isOpen) this.#requestFlush();
    await flushed.finally(() => this.#demand());
  }

  /**
   * Resolves when all that ended processes have left in the spool is delivered, and the daemon knows of the gaps.
   * @throws DaybookError when the client cannot reach the daemon any more
   */
  async recover(onProgress: (recovery: Recovery) => void): Promise<Recovery> {
    await this.#link.greeting;
    const recovered = this.#conditions.wait(() => {
      onProgress({ ...this.#recovery });
      if (this.#failure !== undefined) throw this.#failure;
      return this.#stash.orphans.every((lane) => lane.isEmpty && !this.#isToBeReported(lane));
    });
    this.#demand();
    await recovered.finally(() => this.#demand());
    return { ...this.#recovery };
  }

  /** Sends events of their own and resolves with their receipt. @throws DaybookError */
  recordBatch(events: Iterable<EventInput>, durability: Durability): Promise<Receipt> {
    const writer = this.#batchWriter ?? new EventWriter();
    // Whoever makes the events may send others meanwhile.
    this.#batchWriter = undefined;
    const receipt = recordBatch(this.#link, writer, this.#allStamped(events), durability);
    // Otherwise making them has failed.
    if (writer.count === 0) this.#batchWriter = writer;
    return receipt;
  }

  /** Like `flush`, and has the daemon told of gaps while it is there. @throws DaybookError undelivered */
  async finish(): Promise<void> {
    await this.flush();
    const { lane } = this.#stash;
    lane.notes?.hurry();
    this.#delivery.report(lane);
    await this.#conditions.wait(() => !this.#link.isOpen || !this.#isToBeReported(lane));
  }

  /** Takes no more part. Returns how many events have neither a receipt nor a place in the spool. */
  close(): number {
    this.#stash.close();
    clearTimeout(this.#patience);
    this.#failure ??= new DaybookError('closed', 'the client is closed');
    this.#conditions.check();
    return this.#counters.pending - this.#stash.spooled;
  }

  #stamped(event: EventInput): EventInput {
    return event.timestamp === undefined ? { ...event, timestamp: this.#clock.now() } : event;
  }

  *#allStamped(events: Iterable<EventInput>): Generator<EventInput, void, undefined> {
    for (const event of events) yield this.#stamped(event);
  }

  /** Whether events go to the spool first. */
  get #isSpooling(): boolean {
    const { canSpool, lane } = this.#stash;
    return canSpool && (this.#isDown || this.#delivery.isInTrouble || lane.hasUnread);
  }

  #endTurn(): void {
    this.#proceed();
    // Loads what it takes: later the files may be gone, and at exit there is no time.
    this.#stash.open();
    if (this.#link.isOpen || this.#isDown) return;
    this.#patience ??= setTimeout(() => {
      this.#isDown ||= !this.#link.isOpen;
      this.#proceed();
    }, PATIENCE_MS).unref();
  }

  /** Moves events on as far as they can go: into frames, or into the spool. */
  #proceed(): void {
    this.#delivery.send();
    if (this.#isSpooling) this.#stash.save();
    this.#demand();
  }

  #settle(lane: Lane, batch: Batch, { stored, duplicate, rejected, refusal }: Outcome): void {
    const counters = this.#counters;
    const isOwn = lane === this.#stash.lane;
    if (isOwn) {
      this.#stash.settle(batch);
      counters.pending -= batch.events.count;
    } else {
      this.#recovery.rejected += rejected.length;
      counters.recovered += stored + duplicate;
    }
    (isOwn ? counters : this.#recovery).stored += stored;
    (isOwn ? counters : this.#recovery).duplicate += duplicate;
    counters.rejected += rejected.length;
    for (const rejection of rejected) {
      if (refusal !== undefined) this.#noteRefused(lane, batch, rejection);
      // The caller's own code: what it throws is its process's affair, not that of the connection.
      queueMicrotask(() => this.#options.onRejected(rejection));
    }
    this.#stash.forgetDone();
    this.#proceed();
    this.#conditions.check();
  }

  /** The daemon has not looked at the event's number. */
  #noteRefused(lane: Lane, { first, events }: Batch, { index, code }: Rejection): void {
    this.#stash.notesOf(lane).addEvent(first + index, events.at(index), `rejected: ${code}`);
  }

  #lost(lane: Lane, count: number, why: 'dropped' | 'damaged'): void {
    this.#counters[why] += count;
    if (lane === this.#stash.lane) this.#counters.pending -= count;
    else if (why === 'damaged') this.#recovery.damaged += count;
    this.#conditions.check();
  }

  #news(lane: Lane): void {
    this.#delivery.report(lane);
    this.#stash.forgetDone();
    this.#demand();
    this.#conditions.check();
  }

  /** Each thing is said once. */
  #problem(error: unknown): void {
    this.#counters.spoolProblems += 1;
    const what = String(error);
    if (this.#saidProblems.has(what) || this.#saidProblems.size === MAX_SAID_PROBLEMS) return;
    this.#saidProblems.add(what);
    this.#options.onSpoolProblem(error);
  }

  #isToBeReported(lane: Lane): boolean {
    return this.#link.can('gaps') && lane.notes?.isDue === true;
  }

  /** Commits what the daemon holds back for its batch; the receipts come first. */
  #requestFlush(): void {
    this.#link.request({
      kind: flush.kind,
      body: encode({}),
      isRepeatable: false,
      onReply: () => undefined,
      // The frames themselves find out what is wrong.
      onError: () => undefined,
    });
  }

  /** Tells the link whether there is a reason to connect, and one to keep the process alive. */
  #demand(): void {
    const { lane, orphans, spooled } = this.#stash;
    const { pending } = this.#counters;
    const isWanted = pending > 0 || orphans.length > 0 || lane.notes?.isEmpty === false;
    this.#link.demand(isWanted, pending > spooled || this.#conditions.size > 0);
  }

  #undelivered(cause: DaybookError): DaybookError {
    const { pending } = this.#counters;
    return new DaybookError('undelivered', `events without a receipt: ${pending}; ${cause.message}`, { cause });
  }
}
