import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import { payloadOf } from '../storage/event-row.ts';
import type { NameTable } from '../storage/name-table.ts';
import { payloadText } from '../storage/payload.ts';
import { nameEvents } from './name-events.ts';
import { receiptOutcome } from './receipt-outcome.ts';
import type { RecordWork, WriterJob, WriterOutcome } from './writer-messages.ts';

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
    if (job.kind === 'refused') return { key: job.key, error: job.error };
    if (job.kind !== 'record') {
      return { key: job.key, error: errorBody(new DaybookError('persistence_disabled', 'nothing is stored')) };
    }
    return this.#pass(job);
  }

  #pass(job: RecordWork & { key: number }): WriterOutcome {
    const { names } = this.#options;
    const { rows, rejected } = nameEvents(job, names);
    const { types, sources, actions } = job.events;
    const textOf = new Map([
      ...types.map((text) => [`type ${names.idOf('type', text)}`, text] as const),
      ...sources.map((text) => [`source ${names.idOf('source', text)}`, text] as const),
      ...actions.map((text) => [`action ${names.idOf('action', text)}`, text] as const),
    ]);
    this.#options.onEvents(
      rows.map((row) => ({
        // There is no row, so there is no id.
        id: 0,
        type: textOf.get(`type ${row.typeId}`) ?? '',
        source: textOf.get(`source ${row.sourceId}`) ?? '',
        timestamp: row.timestamp,
        ...(row.actionId !== null && { action: textOf.get(`action ${row.actionId}`) ?? '' }),
        data: JSON.parse(payloadText(payloadOf(row))) as StoredEvent['data'],
      })),
    );
    const receipt: Receipt = {
      stored: rows.length,
      duplicate: 0,
      rejected,
      firstId: null,
      lastId: null,
      level: job.durability,
      persisted: false,
    };
    return receiptOutcome(job.key, receipt, job.wait);
  }
}
