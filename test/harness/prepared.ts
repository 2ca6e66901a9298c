/** The way of events to the writer, in one go. */
import type { NameTable } from '../../daemon/storage/name-table.ts';
import { type NamedEvents, nameEvents } from '../../daemon/writer/name-events.ts';
import { Preparation } from '../../daemon/prepare/preparation.ts';
import { prepareRecordBody } from '../../daemon/prepare/prepare-events.ts';
import type { IncomingJob, WriterJob } from '../../daemon/writer/writer-messages.ts';

/** Rows and rejections of the events in a record body. */
export function preparedRows(body: Buffer, names: NameTable, nowSeconds: number): NamedEvents {
  return nameEvents(prepareRecordBody(body, nowSeconds).events, names);
}

export function preparedJob(job: IncomingJob): WriterJob {
  // The memory of a body is given back once it is read.
  const preparation = new Preparation(job.kind === 'record' ? { ...job, body: Uint8Array.from(job.body) } : job);
  for (;;) {
    const prepared = preparation.step();
    if (prepared !== undefined) return prepared;
  }
}

/** What is done in slices, without the pauses. */
export function inOneGo<Result>(slices: Generator<void, Result, undefined>): Result {
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}
