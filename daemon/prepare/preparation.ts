import { DaybookError } from '../../shared/errors.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import { releaseMemory } from '../release-memory.ts';
import type { IncomingJob, WriterJob } from '../writer/writer-messages.ts';
import { prepareInSlices } from './prepare-events.ts';

/** A job on its way to the writer: what can be done before the transaction, a slice at a time. */
export class Preparation {
  readonly #job: IncomingJob;
  readonly #slices: Generator<void, WriterJob, undefined>;

  constructor(job: IncomingJob) {
    this.#job = job;
    this.#slices = prepare(job);
  }

  /** Does a slice; returns the job when that was the last. */
  step(): WriterJob | undefined {
    try {
      const slice = this.#slices.next();
      return slice.done === true ? slice.value : undefined;
    } catch (error) {
      const { key, sender } = this.#job;
      return { kind: 'refused', key, sender, error: errorBody(asDaybookError(error)) };
    }
  }
}

function* prepare(job: IncomingJob): Generator<void, WriterJob, undefined> {
  if (job.kind !== 'record') return job;
  const { key, sender } = job;
  const body = Buffer.from(job.body.buffer, job.body.byteOffset, job.body.length);
  const bytes = body.length;
  try {
    const { events, wait, durability, origin } = yield* prepareInSlices(body, Date.now() / 1000);
    return { kind: 'record', key, sender, ...events, origin, durability, wait, bytes };
  } finally {
    releaseMemory(body);
  }
}

function asDaybookError(error: unknown): DaybookError {
  return error instanceof DaybookError
    ? error
    : new DaybookError('internal', 'the request could not be read', { cause: error });
}
