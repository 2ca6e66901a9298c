import { Worker } from 'node:worker_threads';
import { limits } from '../../shared/limits.ts';
import { errorFromBody } from '../../shared/messages/error-body.ts';
import { programFile } from '../../shared/program-file.ts';
import { workerLimits } from '../worker-limits.ts';
import { Questions } from './questions.ts';
import type { FromReader, ReaderAnswers, ReaderQuestion, ToReader } from './reader-messages.ts';

/**
 * The daemon's handle on the reader thread.
 *
 * States: asleep (no thread), awake, closed. A question wakes it, and after a while without one the thread ends and gives
 * its memory back. A thread that dies fails its questions as retryable, and the next question starts another.
 */
export class Reader {
  readonly #databasePath: string | undefined;
  readonly #onDamage: () => void;
  readonly #idleMs: number;
  readonly #questions: Questions;
  /** Every thread that has not ended yet; those told to end are among them. */
  readonly #ends = new Map<Worker, Promise<void>>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * @param databasePath undefined when the daemon stores nothing: then every question is refused
   * @param onDamage told when bytes were read that cannot have been written
   * @param idleMs how long the thread stays without a question
   */
  constructor(
    databasePath: string | undefined,
    onDamage: () => void = () => undefined,
    idleMs: number = limits.readerIdleMs,
  ) {
    this.#databasePath = databasePath;
    this.#onDamage = onDamage;
    this.#idleMs = idleMs;
    this.#questions = new Questions({
      isPersisting: databasePath !== undefined,
      bound: limits.readerQueueRequests,
      name: 'requests',
    });
  }

  /** Threads there are: one while it is awake, and for a moment those that are on their way out. */
  get threads(): number {
    return this.#ends.size;
  }

  /** @throws DaybookError: what the thread refused, `busy`, `shutting_down`, `persistence_disabled`, or `storage_error` when it died */
  async ask<Kind extends ReaderQuestion['kind']>(
    question: Extract<ReaderQuestion, { kind: Kind }>,
  ): Promise<ReaderAnswers[Kind]> {
    const { key, answer } = this.#questions.open<ReaderAnswers[Kind]>();
    clearTimeout(this.#idle);
    this.#awake().postMessage({ kind: 'ask', key, question } satisfies ToReader);
    return answer;
  }

  /** Lets the questions under way end, closes the connection and ends the thread. */
  async close(): Promise<void> {
    this.#questions.close();
    clearTimeout(this.#idle);
    this.#worker?.postMessage({ kind: 'close' } satisfies ToReader);
    await Promise.all(this.#ends.values());
  }

  #awake(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(programFile('daemon/query/reader-thread'), {
      workerData: { databasePath: this.#databasePath },
      resourceLimits: workerLimits.reader,
    });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    let failure = 'the reader thread ended';
    worker.on('message', (message: FromReader) => this.#settle(message));
    worker.on('error', (error) => {
      failure = `the reader thread failed: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on('exit', () => {
      this.#ends.delete(worker);
      if (this.#worker === worker) {
        this.#worker = undefined;
        this.#questions.failAll(failure);
      }
      resolve();
    });
    this.#worker = worker;
    this.#ends.set(worker, ended);
    return worker;
  }

  #settle(message: FromReader): void {
    if ('error' in message) {
      if (message.isDamaged) this.#onDamage();
      this.#questions.refuse(message.key, errorFromBody(message.error));
    } else this.#questions.answer(message.key, message.answer);
    if (this.#questions.underWay === 0) this.#sleepLater();
  }

  #sleepLater(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#worker?.postMessage({ kind: 'close' } satisfies ToReader);
      this.#worker = undefined;
    }, this.#idleMs).unref();
  }
}
