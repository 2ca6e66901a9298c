import type { StoredEvent } from '../../shared/event.ts';
import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { Origin } from '../../shared/messages/origin.ts';
import type { Durability } from '../../shared/messages/record.ts';
import type { ReportedGap } from '../../shared/messages/report-gaps.ts';
import type { StoreSampleRequest } from '../../shared/messages/samples.ts';
import type { RetentionRule } from '../../shared/retention-rule.ts';
import type { StorageState } from '../../shared/messages/status.ts';
import type { HousekeepingRequest } from '../maintenance/housekeeping.ts';
import type { NewPattern } from '../storage/event-store.ts';
import type { CursorWork } from './cursor-jobs.ts';
import type { PreparedEvents } from '../prepare/prepare-events.ts';

/** What the writer thread is started with. */
export interface WriterSettings extends LiveSettings {
  databasePath: string;
  /** False: validate only, and hand the events back for the live tails. */
  persist: boolean;
  /** Take the database as it is, whatever its marker says. */
  init: boolean;
}

/** What can change while it runs. */
export interface LiveSettings {
  /** Commit when this many events are pending though nobody waits. */
  batchSize: number;
  /** Commit when the oldest pending event is this old. */
  batchTimeoutMs: number;
  retentionDays: number;
  /** 0: no bound. */
  retentionSizeBytes: number;
  retentionRules: readonly RetentionRule[];
  cleanupIntervalMs: number;
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
  /** Answered with `{ changed }`. */
  | { kind: 'declare-source'; source: string; cadenceSeconds: number | null }
  | { kind: 'store-sample'; sample: StoreSampleRequest };

export type ToWriter =
  | { kind: 'jobs'; jobs: WriterJob[] }
  /** A reader met bytes that cannot have been written. */
  | { kind: 'suspect' }
  /** Answered with `housekept`, when it is done. */
  | { kind: 'housekeeping'; key: number; request: HousekeepingRequest }
  | { kind: 'settings'; settings: LiveSettings }
  | { kind: 'close' };

/** Events by what became of them. */
export interface ReceiptCounts {
  stored: number;
  duplicate: number;
  rejected: number;
}

/** When the writer last looked after the file, and when it will again. Seconds; null when not known. */
export interface Upkeep {
  last_checkpoint: number | null;
  last_cleanup: number | null;
  cleanup_running: boolean;
  next_cleanup: number | null;
}

/** What became of one job, after COMMIT. A receipt comes encoded, so that the main thread only passes bytes on. */
export type WriterOutcome =
  /** `isHeld`: its sender did not wait. */
  | { key: number; counts: ReceiptCounts; receipt: Uint8Array; isHeld?: true }
  | { key: number; patternId: number }
  | { key: number; reply: object }
  | { key: number; done: true }
  | { key: number; error: ErrorBody };

export type FromWriter =
  /** What takes long before `ready`, and how much of it is done, 0 to 1. */
  | { kind: 'opening'; doing: string; share: number | null }
  | { kind: 'ready'; databaseId: string; lastId: number; gaps: number }
  /** The database could not be opened; the thread ends. */
  | { kind: 'failed'; error: ErrorBody }
  /** `sources`: ids of those that events were stored of. */
  | { kind: 'outcomes'; outcomes: WriterOutcome[]; lastId: number; gaps: number; sources: readonly number[] }
  | { kind: 'upkeep'; upkeep: Partial<Upkeep> }
  /** A cleanup has ended. `sparseParts` of the search index should be made anew. */
  | { kind: 'cleaned'; removed: number; sparseParts: number[] }
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
