import { DaybookError } from '../../shared/errors.ts';
import { type ErrorBody, errorBody } from '../../shared/messages/error-body.ts';
import type { Origin } from '../../shared/messages/origin.ts';
import type { Durability, Rejection } from '../../shared/messages/record.ts';
import type { EventRow } from '../storage/insert-events.ts';
import type { NameTable } from '../storage/name-table.ts';
import { prepareInSlices, type RefusedEvent } from './prepare-events.ts';
import { readInSlices } from './read-record-body.ts';
import type { WriterJob } from './writer-messages.ts';

/** The events of a record job, ready to be inserted. */
export interface PreparedRecord {
  kind: 'record';
  key: number;
  rows: EventRow[];
  rejected: Rejection[];
  refused: RefusedEvent[];
  origin: Origin | undefined;
  durability: Durability;
  wait: boolean;
  bytes: number;
}

/** A job that only has to be carried out. */
export type PreparedJob =
  | PreparedRecord
  | Exclude<WriterJob, { kind: 'record' }>
  | { kind: 'refused'; key: number; error: ErrorBody };

/** Bytes of a record job that is prepared in one go. */
const SMALL_BYTES = 16 * 1024;

/** A job on its way to the transaction: what can be done before it, a slice at a time. */
export class Preparation {
  readonly #job: WriterJob;
  readonly #slices: Generator<void, PreparedJob, undefined>;

  constructor(job: WriterJob, names: NameTable) {
    this.#job = job;
    this.#slices = prepare(job, names);
  }

  /** Whether its next slice is its last. */
  get isSmall(): boolean {
    return this.#job.kind !== 'record' || this.#job.body.length <= SMALL_BYTES;
  }

  /** Does a slice; returns the job when that was the last. */
  step(): PreparedJob | undefined {
    try {
      const slice = this.#slices.next();
      return slice.done === true ? slice.value : undefined;
    } catch (error) {
      return { kind: 'refused', key: this.#job.key, error: errorBody(asDaybookError(error)) };
    }
  }
}

function* prepare(job: WriterJob, names: NameTable): Generator<void, PreparedJob, undefined> {
  if (job.kind !== 'record') return job;
  const bytes = Buffer.from(job.body.buffer, job.body.byteOffset, job.body.length);
  const { events, wait, durability, origin } = yield* readInSlices(bytes);
  const prepared = yield* prepareInSlices(events, names, Date.now() / 1000);
  return { kind: 'record', key: job.key, ...prepared, origin, durability, wait, bytes: bytes.length };
}

function asDaybookError(error: unknown): DaybookError {
  return error instanceof DaybookError
    ? error
    : new DaybookError('internal', 'the request could not be read', { cause: error });
}
