import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type ErrorBody, errorBody } from '../../shared/messages/error-body.ts';
import type { Durability, Receipt, Rejection } from '../../shared/messages/record.ts';
import type { Appended, EventStore } from '../storage/event-store.ts';
import type { EventRow } from '../storage/insert-events.ts';
import type { NameTable } from '../storage/name-table.ts';
import { prepareEvents } from './prepare-events.ts';
import { readRecordBody } from './read-record-body.ts';
import type { WriterJob, WriterOutcome } from './writer-messages.ts';

export interface GroupCommitOptions {
  batchSize: number;
  batchTimeoutMs: number;
  /** Told after every commit, successful or not, in the order the jobs came. */
  onOutcomes: (outcomes: WriterOutcome[]) => void;
  /** Told when a transaction failed. The jobs in it have an error as their outcome. */
  onStorageError: (error: unknown) => void;
}

type Pending =
  | { kind: 'record'; key: number; rows: EventRow[]; rejected: Rejection[]; durability: Durability }
  | Exclude<WriterJob, { kind: 'record' }>
  | { kind: 'refused'; key: number; error: ErrorBody };

/**
 * Collects jobs and commits them together.
 *
 * States: empty; filling (a timer runs, nobody waits); due (a commit follows in this turn of the event loop, so that
 * what has already arrived joins it). Each commit empties it.
 */
export class GroupCommit {
  readonly #store: EventStore;
  readonly #names: NameTable;
  readonly #options: GroupCommitOptions;
  #pending: Pending[] = [];
  #pendingEvents = 0;
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #due: NodeJS.Immediate | undefined;

  constructor(store: EventStore, names: NameTable, options: GroupCommitOptions) {
    this.#store = store;
    this.#names = names;
    this.#options = options;
  }

  add(job: WriterJob): void {
    if (job.kind === 'record')
      this.#addRecord(job.key, Buffer.from(job.body.buffer, job.body.byteOffset, job.body.length));
    else {
      this.#pending.push(job);
      this.#makeDue();
    }
  }

  #addRecord(key: number, bytes: Buffer): void {
    try {
      const { events, wait, durability } = readRecordBody(bytes);
      const { rows, rejected } = prepareEvents(events, this.#names, Date.now() / 1000);
      this.#pending.push({ kind: 'record', key, rows, rejected, durability });
      this.#pendingEvents += rows.length;
      this.#pendingBytes += bytes.length + limits.requestOverheadBytes;
      // Half a window is committed at once, so that the queue refills the other half meanwhile.
      if (this.#pendingBytes >= limits.writerWindowBytes / 2) this.commit();
      else if (wait || this.#pendingEvents >= this.#options.batchSize) this.#makeDue();
      else this.#timer ??= setTimeout(() => this.commit(), this.#options.batchTimeoutMs);
    } catch (error) {
      this.#pending.push({ kind: 'refused', key, error: errorBody(asDaybookError(error)) });
      this.#makeDue();
    }
  }

  #makeDue(): void {
    this.#due ??= setImmediate(() => this.commit());
  }

  /** Commits what is pending, now. */
  commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#due !== undefined) clearImmediate(this.#due);
    this.#due = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#pendingEvents = 0;
    this.#pendingBytes = 0;
    this.#options.onOutcomes(this.#write(pending));
  }

  #write(pending: readonly Pending[]): WriterOutcome[] {
    const isFlushed = pending.some((job) => job.kind === 'record' && job.durability === 'flushed');
    const arrivedSeconds = Math.floor(Date.now() / 1000);
    try {
      this.#store.begin(isFlushed ? 'full' : 'normal');
      const outcomes = pending.map((job) => this.#apply(job, arrivedSeconds));
      this.#store.commit();
      return outcomes;
    } catch (error) {
      this.#store.rollback();
      this.#options.onStorageError(error);
      const body = errorBody(new DaybookError('storage_error', storageMessage(error), { cause: error }));
      return pending.map((job) => ({ key: job.key, error: job.kind === 'refused' ? job.error : body }));
    }
  }

  #apply(job: Pending, arrivedSeconds: number): WriterOutcome {
    switch (job.kind) {
      case 'record':
        return { key: job.key, receipt: receiptOf(this.#store.append(job.rows, arrivedSeconds), job) };
      case 'store-pattern':
        return { key: job.key, patternId: this.#store.appendPattern(job.pattern) };
      case 'flush':
        return { key: job.key, flushed: true };
      case 'refused':
        return { key: job.key, error: job.error };
      default:
        return job satisfies never;
    }
  }
}

function receiptOf(appended: Appended, job: { rejected: Rejection[]; durability: Durability }): Receipt {
  return { ...appended, rejected: job.rejected, level: job.durability, persisted: true };
}

function asDaybookError(error: unknown): DaybookError {
  return error instanceof DaybookError
    ? error
    : new DaybookError('internal', 'the request could not be read', { cause: error });
}

function storageMessage(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `the database could not commit (${reason}); send the same events again, duplicates are recognised`;
}
