import type { StoredEvent } from '../../shared/event.ts';
import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { NewPattern } from '../storage/event-store.ts';

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
}

/** Work for the writer. `key` comes back in the outcome. */
export type WriterJob =
  | { kind: 'record'; key: number; body: Uint8Array }
  | { kind: 'flush'; key: number }
  | { kind: 'store-pattern'; key: number; pattern: NewPattern };

export type ToWriter = { kind: 'jobs'; jobs: WriterJob[] } | { kind: 'close' };

/** What became of one job, after COMMIT. */
export type WriterOutcome =
  | { key: number; receipt: Receipt }
  | { key: number; patternId: number }
  | { key: number; flushed: true }
  | { key: number; error: ErrorBody };

export type FromWriter =
  | { kind: 'ready'; databaseId: string; lastId: number }
  /** The database could not be opened; the thread ends. */
  | { kind: 'failed'; error: ErrorBody }
  | { kind: 'outcomes'; outcomes: WriterOutcome[]; lastId: number }
  /** With persistence off: the events that a commit would have stored. */
  | { kind: 'unpersisted'; events: StoredEvent[] }
  /** For the log; never holds event content. */
  | { kind: 'log'; level: 'info' | 'warn' | 'error'; message: string; details: { [name: string]: unknown } }
  | { kind: 'closed' };
