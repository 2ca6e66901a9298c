import type { Worker } from 'node:worker_threads';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { type ErrorBody, errorFromBody } from '../../shared/messages/error-body.ts';
import type { StorageState } from '../../shared/messages/status.ts';
import type { HousekeepingRequest } from '../maintenance/housekeeping.ts';
import { Questions } from '../query/questions.ts';
import type {
  FromWriter,
  LiveSettings,
  ToWriter,
  Upkeep,
  WriterJob,
  WriterOutcome,
  WriterSettings,
} from './writer-messages.ts';
import { writerWorker } from './writer-worker.ts';

export interface WriterEvents {
  /** Before it is open. */
  onOpening: (doing: string, share: number | null) => void;
  onOutcomes: (outcomes: WriterOutcome[], lastId: number, gaps: number, sources: readonly number[]) => void;
  onUpkeep: (upkeep: Partial<Upkeep>) => void;
  onCleaned: (removed: number, sparseParts: number[]) => void;
  onStorage: (state: StorageState) => void;
  /** The storage has failed for good; the process should end once the answers have left. */
  onFatal: (error: DaybookError) => void;
  onUnpersisted: (events: StoredEvent[]) => void;
  onLog: (level: 'info' | 'warn' | 'error', message: string, details: { [name: string]: unknown }) => void;
  /** The thread ended without being asked to: nothing can be stored any more. */
  onDied: (error: Error) => void;
}

/**
 * The daemon's handle on the writer thread.
 *
 * States: opening (until `openWriterThread` resolves), open, closing, closed. Jobs are only posted while open.
 */
export class Writer {
  readonly databaseId: string;
  readonly lastIdAtStart: number;
  readonly gapsAtStart: number;
  readonly #worker: Worker;
  readonly #housekeeping: Questions;
  #closed: Promise<void>;

  constructor(worker: Worker, ready: Ready, closed: Promise<void>, housekeeping: Questions) {
    this.#worker = worker;
    this.#closed = closed;
    this.#housekeeping = housekeeping;
    this.databaseId = ready.databaseId;
    this.lastIdAtStart = ready.lastId;
    this.gapsAtStart = ready.gaps;
  }

  /** Hands jobs over in order. Packed events are moved, not copied. */
  post(jobs: WriterJob[]): void {
    const transfers = jobs.flatMap((job) => (job.kind === 'record' ? [job.events.bytes.buffer] : []));
    this.#worker.postMessage({ kind: 'jobs', jobs } satisfies ToWriter, transfers);
  }

  /**
   * Has the writer do something long, in slices between its commits. Resolves with its reply when it is done.
   * @throws DaybookError `busy`, `persistence_disabled`, `shutting_down`, and what the work itself refuses
   */
  async housekeep(request: HousekeepingRequest): Promise<object> {
    const { key, answer } = this.#housekeeping.open<object>();
    this.#worker.postMessage({ kind: 'housekeeping', key, request } satisfies ToWriter);
    return answer;
  }

  /** Has the next start look through the whole database. */
  suspect(): void {
    this.#worker.postMessage({ kind: 'suspect' } satisfies ToWriter);
  }

  /** Puts new settings into force. */
  adopt(all: LiveSettings): void {
    const { batchSize, batchTimeoutMs, cleanupIntervalMs } = all;
    const { retentionDays, retentionSizeBytes, retentionRules } = all;
    const retention = { retentionDays, retentionSizeBytes, retentionRules };
    const settings = { batchSize, batchTimeoutMs, cleanupIntervalMs, ...retention };
    this.#worker.postMessage({ kind: 'settings', settings } satisfies ToWriter);
  }

  /** Commits what was posted, closes the database and ends the thread. Outcomes still arrive meanwhile. */
  async close(): Promise<void> {
    this.#housekeeping.close();
    this.#worker.postMessage({ kind: 'close' } satisfies ToWriter);
    await this.#closed;
  }
}

interface Ready {
  databaseId: string;
  lastId: number;
  gaps: number;
}

/**
 * Starts the writer thread and waits until its database is open.
 * @throws DaybookError when it cannot be opened
 */
export function openWriterThread(settings: WriterSettings, events: WriterEvents): Promise<Writer> {
  const worker = writerWorker(settings);
  const closed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Writer>();
  const housekeeping = new Questions({
    isPersisting: settings.persist,
    bound: limits.housekeepingQueueRequests,
    name: 'requests for housekeeping',
  });
  let isReady = false;
  let isClosed = false;

  worker.on('message', (message: FromWriter) => {
    switch (message.kind) {
      case 'opening':
        events.onOpening(message.doing, message.share);
        break;
      case 'ready':
        isReady = true;
        opened.resolve(new Writer(worker, message, closed.promise, housekeeping));
        break;
      case 'failed':
        opened.reject(errorFromBody(message.error satisfies ErrorBody));
        break;
      case 'outcomes':
        events.onOutcomes(message.outcomes, message.lastId, message.gaps, message.sources);
        break;
      case 'upkeep':
        events.onUpkeep(message.upkeep);
        break;
      case 'cleaned':
        events.onCleaned(message.removed, message.sparseParts);
        break;
      case 'housekept':
        if ('error' in message) housekeeping.refuse(message.key, errorFromBody(message.error));
        else housekeeping.answer(message.key, message.reply);
        break;
      case 'storage':
        events.onStorage(message.state);
        break;
      case 'fatal':
        events.onFatal(errorFromBody(message.error));
        break;
      case 'unpersisted':
        events.onUnpersisted(message.events);
        break;
      case 'log':
        events.onLog(message.level, message.message, message.details);
        break;
      case 'closed':
        isClosed = true;
        break;
      default:
        message satisfies never;
    }
  });
  let failure: Error = new DaybookError('internal', 'the writer thread ended');
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', () => {
    opened.reject(failure);
    closed.resolve();
    if (isReady && !isClosed) events.onDied(failure);
  });
  return opened.promise;
}
