import type { StoredEvent } from '../../shared/event.ts';
import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { Origin } from '../../shared/messages/origin.ts';
import type { Durability } from '../../shared/messages/record.ts';
import type { ReportedGap } from '../../shared/messages/report-gaps.ts';
import type { StoreSampleRequest } from '../../shared/messages/samples.ts';
import type { StorageState } from '../../shared/messages/status.ts';
import type { HousekeepingRequest } from '../maintenance/housekeeping.ts';
import type { NewPattern } from '../storage/event-store.ts';
import type { CursorWork } from './cursor-jobs.ts';
import type { PreparedEvents } from '../prepare/prepare-events.ts';

/** What the writer thread is started with. */
export interface WriterSettings {
  databasePath: string;
  /** Commit when this many events are pending though nobody waits. */
  batchSize: number;
  /** Commit when the oldest pending event is this old. */
  batchTimeoutMs: number;
  retentionDays: number;
  cleanupIntervalMs: number;
  /** False: validate only, and hand the events back for the live tails. */
  persist: boolean;
  /** Take the database as it is, whatever its marker says. */
  init: boolean;
}

/** Work as it comes from a sender. `key` comes back in the outcome; jobs of one `sender` are done in order. */
export type IncomingJob = JobId & ({ kind: 'record'; body: Uint8Array } | OtherWork);

/** Work for the writer. */
export type WriterJob = JobId & (RecordWork | OtherWork | { kind: 'refused'; error: ErrorBody });

interface JobId {
  key: number;
  sender: number;
}

/** A record request, ready to be stored. */
export interface RecordWork extends PreparedEvents {
  kind: 'record';
  origin: Origin | undefined;
  durability: Durability;
  wait: boolean;
  /** Of the request. */
  bytes: number;
}

type OtherWork =
  | { kind: 'flush' }
  | { kind: 'store-pattern'; pattern: NewPattern }
  | { kind: 'report-gaps'; gaps: ReportedGap[] }
  | CursorWork
  | { kind: 'mark-processed'; ids: number[]; processed: boolean }
  | { kind: 'store-sample'; sample: StoreSampleRequest };

export type ToWriter =
  | { kind: 'jobs'; jobs: WriterJob[] }
  /** A reader met bytes that cannot have been written. */
  | { kind: 'suspect' }
  /** Answered with `housekept`, when it is done. */
  | { kind: 'housekeeping'; key: number; request: HousekeepingRequest }
  | { kind: 'close' };

/** Events by what became of them. */
export interface ReceiptCounts {
  stored: number;
  duplicate: number;
  rejected: number;
}

/** What became of one job, after COMMIT. A receipt comes encoded, so that the main thread only passes bytes on. */
export type WriterOutcome =
  | { key: number; counts: ReceiptCounts; receipt: Uint8Array }
  | { key: number; patternId: number }
  | { key: number; reply: object }
  | { key: number; done: true }
  | { key: number; error: ErrorBody };

export type FromWriter =
  | { kind: 'ready'; databaseId: string; lastId: number; gaps: number }
  /** The database could not be opened; the thread ends. */
  | { kind: 'failed'; error: ErrorBody }
  | { kind: 'outcomes'; outcomes: WriterOutcome[]; lastId: number; gaps: number }
  | { kind: 'housekept'; key: number; reply: object }
  | { kind: 'housekept'; key: number; error: ErrorBody }
  /** The disk is full, or is no longer. */
  | { kind: 'storage'; state: StorageState }
  /** Nothing can be stored any more, and what is not acknowledged will not be. */
  | { kind: 'fatal'; error: ErrorBody }
  /** With persistence off: the events that a commit would have stored. */
  | { kind: 'unpersisted'; events: StoredEvent[] }
  /** For the log; never holds event content. */
  | { kind: 'log'; level: 'info' | 'warn' | 'error'; message: string; details: { [name: string]: unknown } }
  | { kind: 'closed' };
