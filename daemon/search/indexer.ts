import { Worker } from 'node:worker_threads';
import { workerEntry } from '../worker-entry.ts';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.ts';

export interface IndexerOptions extends IndexerSettings {
  onLog: (level: 'info' | 'warn', message: string, reason: string | undefined) => void;
}

/** Events that wait for the index before it begins at once, and how long fewer of them wait. */
const EVENTS_AT_ONCE = 1_000;
const QUIET_MS = 30_000;
/** How long the thread stays without work: it takes longer to start than to keep, but keeps some MB. */
const IDLE_MS = 5_000;
const RETRY_MS = 60_000;

/**
 * The daemon's handle on the indexer thread.
 *
 * States: asleep (no thread; nothing to index for a while), idle, going, failed (asleep until a retry), closed. It goes
 * when much has come, or half a minute after a little has, and never keeps anybody waiting: what it has not indexed is read.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  #isChecked = false;
  #isGoing = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  #lastId: number;
  /** Everything up to here is indexed, or being indexed. */
  #sentTo = 0;
  #timer: NodeJS.Timeout | undefined;
  #sleep: NodeJS.Timeout | undefined;

  /** Starts the thread, to hold the index against the database before either changes. */
  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#lastId = options.lastId;
    this.#go();
  }

  /** Resolves with whether the index may be used. */
  async isUsable(): Promise<boolean> {
    if (!this.#isChecked) await this.#ready;
    return this.#isChecked;
  }

  /** Events up to this id are committed. */
  note(lastId: number): void {
    this.#lastId = lastId;
    if (this.#isGoing || this.#isClosed || this.#retry !== undefined || lastId === this.#sentTo) return;
    if (lastId - this.#sentTo >= EVENTS_AT_ONCE) this.#go();
    else this.#timer ??= setTimeout(() => this.#go(), QUIET_MS).unref();
  }

  /** A reader met bytes in the index that cannot have been written. */
  rebuild(): void {
    if (this.#isClosed) return;
    this.#go();
    this.#post({ kind: 'rebuild' });
  }

  /** Ends the slice under way and the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#sleep);
    clearTimeout(this.#retry);
    await this.#end();
  }

  #go(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed || this.#retry !== undefined) return;
    clearTimeout(this.#sleep);
    this.#isGoing = true;
    this.#sentTo = this.#lastId;
    this.#worker ??= this.#start();
    this.#post({ kind: 'go' });
  }

  #start(): Worker {
    const { databasePath, indexPath, databaseId, lastId, onLog } = this.#options;
    const settings: IndexerSettings = {
      databasePath,
      indexPath,
      databaseId,
      lastId: this.#isChecked ? this.#lastId : lastId,
    };
    const worker = new Worker(workerEntry(import.meta.url, 'indexer-thread'), {
      workerData: settings,
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
    });
    const ready = Promise.withResolvers<void>();
    this.#ready = ready.promise;
    worker.on('message', (message: FromIndexer) => {
      if (message.kind === 'log') onLog(message.level, message.message, message.reason);
      else if (message.kind === 'ready') {
        this.#isChecked = true;
        ready.resolve();
      } else this.#done();
    });
    worker.on('error', (error: unknown) => {
      onLog('warn', 'events are not indexed for now; searching reads them', String(error));
    });
    worker.on('exit', () => {
      ready.resolve();
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#isGoing = false;
      this.#sentTo = 0;
      this.#retryLater();
    });
    return worker;
  }

  /** By itself: nothing may come any more that would be another reason to go. */
  #retryLater(): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#go();
    }, RETRY_MS).unref();
  }

  #done(): void {
    this.#isGoing = false;
    this.note(this.#lastId);
    this.#sleep = setTimeout(() => void this.#end(), IDLE_MS).unref();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    this.#isGoing = false;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ kind: 'close' } satisfies ToIndexer);
    await ended;
  }

  #post(message: ToIndexer): void {
    this.#worker?.postMessage(message);
  }
}
