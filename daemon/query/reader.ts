import { Worker } from 'node:worker_threads';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorFromBody } from '../../shared/messages/error-body.ts';
import { workerEntry, workerLimits } from '../worker-entry.ts';
import type { FromReader, ReaderAnswers, ReaderQuestion, ToReader } from './reader-messages.ts';

interface Asked {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

/**
 * The daemon's handle on the reader thread.
 *
 * States: asleep (no thread), awake, closed. The first question wakes it; a thread that dies fails its questions as
 * retryable, and the next question starts another.
 */
export class Reader {
  readonly #databasePath: string | undefined;
  readonly #onDamage: () => void;
  #worker: Worker | undefined;
  #isClosed = false;
  #nextKey = 1;
  readonly #asked = new Map<number, Asked>();

  /**
   * @param databasePath undefined when the daemon stores nothing: then every question is refused
   * @param onDamage told when bytes were read that cannot have been written
   */
  constructor(databasePath: string | undefined, onDamage: () => void = () => undefined) {
    this.#databasePath = databasePath;
    this.#onDamage = onDamage;
  }

  /** @throws DaybookError: what the thread refused, `busy`, `shutting_down`, `persistence_disabled`, or `storage_error` when it died */
  async ask<Kind extends ReaderQuestion['kind']>(
    question: Extract<ReaderQuestion, { kind: Kind }>,
  ): Promise<ReaderAnswers[Kind]> {
    if (this.#isClosed) throw new DaybookError('shutting_down', 'the daemon is going away');
    if (this.#databasePath === undefined) {
      throw new DaybookError(
        'persistence_disabled',
        'this daemon is set to store nothing (enable_persistence is false)',
      );
    }
    if (this.#asked.size >= limits.readerQueueRequests) {
      throw new DaybookError('busy', `${limits.readerQueueRequests} requests wait already; try again later`);
    }
    const key = this.#nextKey;
    this.#nextKey += 1;
    const { promise, resolve, reject } = Promise.withResolvers<ReaderAnswers[Kind]>();
    this.#asked.set(key, { resolve, reject });
    this.#awake().postMessage({ kind: 'ask', key, question } satisfies ToReader);
    return promise;
  }

  /** Lets the questions under way end, closes the connection and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ kind: 'close' } satisfies ToReader);
    await ended;
  }

  #awake(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(workerEntry(import.meta.url, 'reader-thread'), {
      workerData: { databasePath: this.#databasePath },
      resourceLimits: workerLimits.reader,
    });
    let failure = 'the reader thread ended';
    worker.on('message', (message: FromReader) => this.#settle(message));
    worker.on('error', (error) => {
      failure = `the reader thread failed: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const waiting = [...this.#asked.values()];
      this.#asked.clear();
      for (const { reject } of waiting) reject(new DaybookError('storage_error', failure));
    });
    this.#worker = worker;
    return worker;
  }

  #settle(message: FromReader): void {
    const asked = this.#asked.get(message.key);
    if (asked === undefined) return;
    this.#asked.delete(message.key);
    if ('error' in message) {
      if (message.isDamaged) this.#onDamage();
      asked.reject(errorFromBody(message.error));
    } else asked.resolve(message.answer as never);
  }
}
