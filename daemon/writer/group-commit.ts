import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import { releaseMemory } from '../release-memory.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { NameTable } from '../storage/name-table.ts';
import { type StorageFailure, storageFailure } from '../storage/storage-failure.ts';
import { applyCursorWork } from './cursor-jobs.ts';
import { declareSource } from './declare-source.ts';
import { noteOrigin, noteRefused, noteReported } from './note-gaps.ts';
import { nameEvents } from './name-events.ts';
import { receiptOutcome } from './receipt-outcome.ts';
import { refuseForgotten } from '../forgetting/refuse-forgotten.ts';
import { Turns } from './turns.ts';
import type { RecordWork, WriterJob, WriterOutcome } from './writer-messages.ts';

export interface GroupCommitOptions {
  batchSize: number;
  batchTimeoutMs: number;
  /** Takes in what has arrived meanwhile, by calling `add`. */
  takeIn?: () => void;
  /** Called after COMMIT and before anybody is told: throwing turns the receipts into errors. */
  onCommitted?: () => void;
  /** Told after every commit, successful or not, in the order the jobs of each sender came. */
  onOutcomes: (outcomes: WriterOutcome[]) => void;
  /** Told when a transaction failed, after its outcomes. The jobs in it have an error as their outcome. */
  onStorageFailure: (failure: StorageFailure, error: unknown) => void;
}

/** Events, and bytes of them, that one transaction takes when more is waiting: some milliseconds. */
const TRANSACTION_EVENTS = 1_000;
const TRANSACTION_BYTES = 256 * 1024;

/** Bytes of a request that does not keep others waiting. */
const SMALL_BYTES = 16 * 1024;

/**
 * Commits jobs together. Senders have their turn one after the other, a job each, and a sender
 * that waits for its only job is not kept waiting by the many of another.
 *
 * States: empty; filling (a timer runs, nobody waits); due (a turn follows in this turn of the event loop, so that what
 * has already arrived joins it); broken (the storage has failed for good: everything is refused). Each commit leaves
 * what is not prepared yet for the next turn.
 */
export class GroupCommit {
  readonly #store: EventStore;
  readonly #names: NameTable;
  #options: GroupCommitOptions;
  readonly #arrived = new Turns<WriterJob>();
  #pending: WriterJob[] = [];
  #pendingEvents = 0;
  #pendingBytes = 0;
  /** Somebody waits for what is pending. */
  #isAwaited = false;
  #timer: NodeJS.Timeout | undefined;
  #isTurnDue = false;
  #isBroken = false;

  constructor(store: EventStore, names: NameTable, options: GroupCommitOptions) {
    this.#store = store;
    this.#names = names;
    this.#options = options;
  }

  add(job: WriterJob): void {
    this.#arrived.push(job.sender, job);
    if (!isAwaited(job)) this.#startTimer();
    this.#makeTurnDue();
  }

  /** New bounds of a batch. What is pending under the old ones is committed. */
  adopt({ batchSize, batchTimeoutMs }: Pick<GroupCommitOptions, 'batchSize' | 'batchTimeoutMs'>): void {
    this.#options = { ...this.#options, batchSize, batchTimeoutMs };
    if (this.#timer !== undefined) this.commit();
  }

  #makeTurnDue(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#turn());
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => this.commit(), this.#options.batchTimeoutMs);
  }

  /** Commits all there is, now. */
  commit(): void {
    while (this.#step() !== undefined);
    this.#write();
  }

  #turn(): void {
    this.#isTurnDue = false;
    for (;;) {
      this.#options.takeIn?.();
      const step = this.#step();
      if (step === undefined) break;
      if (this.#isTransactionFull() || (this.#isAwaited && step.isLastOfSender && this.#isNextOfMuch())) break;
    }
    const { batchSize } = this.#options;
    if (this.#isAwaited || this.#pendingEvents >= batchSize || this.#isTransactionFull()) this.#write();
    if (!this.#arrived.isEmpty) this.#makeTurnDue();
    else if (this.#pending.length > 0) this.#startTimer();
  }

  /** Takes the next job of whose turn it is; undefined when there is none. */
  #step(): { isLastOfSender: boolean } | undefined {
    const next = this.#arrived.next();
    if (next === undefined) return undefined;
    const job = next.work;
    this.#arrived.end(next.sender, true);
    this.#pending.push(job);
    if (job.kind === 'record') {
      const events = job.events.count + job.rejected.length;
      this.#pendingEvents += events;
      this.#pendingBytes += job.bytes + (1 + events) * limits.eventOverheadBytes;
    }
    this.#isAwaited ||= isAwaited(job);
    return { isLastOfSender: !this.#arrived.has(next.sender) };
  }

  #isTransactionFull(): boolean {
    return this.#pendingBytes >= TRANSACTION_BYTES || this.#pendingEvents >= TRANSACTION_EVENTS;
  }

  /** Whether the next turn is that of a sender with more than one small thing to do. */
  #isNextOfMuch(): boolean {
    const next = this.#arrived.next();
    return next !== undefined && (next.count > 1 || !isSmall(next.work));
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#pendingEvents = 0;
    this.#pendingBytes = 0;
    this.#isAwaited = false;
    const isFlushed = pending.some((job) => job.kind === 'record' && job.durability === 'flushed');
    const nowSeconds = Date.now() / 1000;
    let outcomes: WriterOutcome[];
    try {
      if (this.#isBroken) throw new DaybookError('storage_error', 'the storage has failed; the daemon is going away');
      this.#store.begin(isFlushed ? 'full' : 'normal');
      outcomes = pending.map((job) => this.#apply(job, nowSeconds));
      this.#store.commit();
      this.#options.onCommitted?.();
    } catch (error) {
      this.#fail(pending, error);
      return;
    } finally {
      for (const job of pending) if (job.kind === 'record') releaseMemory(job.events.bytes);
    }
    this.#options.onOutcomes(outcomes);
  }

  #fail(pending: readonly WriterJob[], error: unknown): void {
    let failure = storageFailure(error);
    try {
      this.#store.rollback();
    } catch {
      failure = 'broken';
    }
    this.#isBroken ||= failure === 'broken' || failure === 'damaged';
    const body = errorBody(refusalFor(failure, error));
    this.#options.onOutcomes(
      pending.map((job) => ({ key: job.key, error: job.kind === 'refused' ? job.error : body })),
    );
    this.#options.onStorageFailure(failure, error);
  }

  #apply(job: WriterJob, nowSeconds: number): WriterOutcome {
    switch (job.kind) {
      case 'record':
        return receiptOutcome(job.key, this.#append(job, nowSeconds), job.wait);
      case 'store-pattern':
        return { key: job.key, patternId: this.#store.appendPattern(job.pattern) };
      case 'report-gaps':
        noteReported(this.#store.gaps, this.#names, job.gaps, nowSeconds);
        return { key: job.key, done: true };
      case 'open-cursor':
      case 'ack-cursor':
      case 'delete-cursor':
        return applyCursorWork(job, this.#store, nowSeconds);
      case 'mark-processed':
        return { key: job.key, reply: { marked: this.#store.processed.set(job.ids, job.processed) } };
      case 'declare-source':
        return declareSource(job, this.#store, nowSeconds);
      case 'store-sample': {
        const { samples, newestId } = this.#store;
        return { key: job.key, reply: { id: samples.add(job.sample, nowSeconds, newestId) } };
      }
      case 'flush':
        return { key: job.key, done: true };
      case 'refused':
        return { key: job.key, error: job.error };
      default:
        return job satisfies never;
    }
  }

  #append(job: RecordWork, nowSeconds: number): Receipt {
    const { origin, durability } = job;
    const { gaps } = this.#store;
    const newNames = this.#names.unsaved.length;
    const named = nameEvents(job, this.#names);
    const { rows, rejected, refused } = refuseForgotten(named, this.#store.tombstones, this.#names, newNames);
    if (refused.length > 0) noteRefused(gaps, this.#names, refused, origin, nowSeconds);
    if (origin !== undefined) noteOrigin(gaps, origin, rows, rejected.length, nowSeconds);
    const appended = this.#store.append(rows, Math.floor(nowSeconds));
    return { ...appended, rejected, level: durability, persisted: true };
  }
}

function isAwaited(job: WriterJob): boolean {
  return !('wait' in job) || job.wait;
}

function isSmall(job: WriterJob): boolean {
  return job.kind !== 'record' || job.bytes <= SMALL_BYTES;
}

function refusalFor(failure: StorageFailure, cause: unknown): DaybookError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (failure === 'full') {
    return new DaybookError('disk_full', 'the disk is full; make room, and send the same events again', { cause });
  }
  return new DaybookError(
    'storage_error',
    `the database could not commit (${reason}); send the same events again, duplicates are recognised`,
    { cause },
  );
}
