import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { NameTable } from '../storage/name-table.ts';
import { prepareEvents } from './prepare-events.ts';
import { readRecordBody } from './read-record-body.ts';
import { receiptOutcome } from './receipt-outcome.ts';
import type { WriterJob, WriterOutcome } from './writer-messages.ts';

export interface PassThroughOptions {
  names: NameTable;
  onOutcomes: (outcomes: WriterOutcome[]) => void;
  onEvents: (events: StoredEvent[]) => void;
}

/** What stands in for the group commit when nothing is to be stored: events are checked, shown to tails, and gone. */
export class PassThrough {
  readonly #options: PassThroughOptions;

  constructor(options: PassThroughOptions) {
    this.#options = options;
  }

  add(job: WriterJob): void {
    this.#options.onOutcomes([this.#apply(job)]);
  }

  #apply(job: WriterJob): WriterOutcome {
    // Of a history that is not kept nothing can be missing.
    if (job.kind === 'flush' || job.kind === 'report-gaps') return { key: job.key, done: true };
    if (job.kind === 'store-pattern') {
      return { key: job.key, error: errorBody(new DaybookError('persistence_disabled', 'nothing is stored')) };
    }
    try {
      return this.#pass(job.key, Buffer.from(job.body.buffer, job.body.byteOffset, job.body.length));
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      return { key: job.key, error: errorBody(error) };
    }
  }

  #pass(key: number, bytes: Buffer): WriterOutcome {
    const nowSeconds = Date.now() / 1000;
    const { events, durability } = readRecordBody(bytes);
    const { rows, rejected } = prepareEvents(events, this.#options.names, nowSeconds);
    const refused = new Set(rejected.map(({ index }) => index));
    const accepted = [...events]
      .filter((_, index) => !refused.has(index))
      .map(({ value }) => value as Partial<StoredEvent>);
    this.#options.onEvents(
      accepted.map(({ type = '', source = '', timestamp, action, data }) => ({
        // There is no row, so there is no id.
        id: 0,
        type,
        source,
        timestamp: timestamp ?? nowSeconds,
        ...(typeof action === 'string' && { action }),
        data: data ?? {},
      })),
    );
    const receipt: Receipt = {
      stored: rows.length,
      duplicate: 0,
      rejected,
      firstId: null,
      lastId: null,
      level: durability,
      persisted: false,
    };
    return receiptOutcome(key, receipt);
  }
}
