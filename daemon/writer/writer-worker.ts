import { Worker } from 'node:worker_threads';
import { programFile } from '../../shared/program-file.ts';
import { workerLimits } from '../worker-limits.ts';
import type { WriterSettings } from './writer-messages.ts';

/** One that boots, and what it failed with meanwhile. */
let booting: { worker: Worker; failure: unknown } | undefined;

/** Starts the writer's thread before its settings are known: to boot takes it longer than to open the database. */
export function bootWriterWorker(): void {
  const early: { worker: Worker; failure: unknown } = { worker: start(null), failure: undefined };
  early.worker.once('error', (error) => {
    early.failure = error;
  });
  booting = early;
}

/** The thread that boots already, or a new one. @throws what the first one has ended with */
export function writerWorker(settings: WriterSettings): Worker {
  const early = booting;
  booting = undefined;
  if (early === undefined) return start(settings);
  if (early.failure !== undefined) throw early.failure;
  early.worker.postMessage(settings);
  return early.worker;
}

/** @param settings null: it waits for them */
function start(settings: WriterSettings | null): Worker {
  return new Worker(programFile('daemon/writer/writer-thread'), {
    workerData: settings,
    resourceLimits: workerLimits.writer,
  });
}
