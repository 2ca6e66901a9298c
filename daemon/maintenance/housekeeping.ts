import type { Database } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { NameTable } from '../storage/name-table.ts';
import type { StorageFailure } from '../storage/storage-failure.ts';
import type { Task } from './tasks.ts';
import { giveBackFreePages } from './vacuum.ts';

/** What a client can have the writer do besides storing: long work, done in slices. Each kind has one reply. */
export type HousekeepingRequest = { kind: 'vacuum' };

/** What housekeeping works on: the writer's connection and what is kept in memory with it. */
export interface HousekeepingParts {
  db: Database;
  store: EventStore;
  names: NameTable;
}

/** The work that a request stands for; its result is the reply. */
export function housekeepingTask(request: HousekeepingRequest, parts: HousekeepingParts): Task<object> {
  switch (request.kind) {
    case 'vacuum':
      return giveBackFreePages(parts.db);
    default:
      return request.kind satisfies never;
  }
}

/** What the one who asked is told when the storage was in the way. What was committed by then stays. */
export function housekeepingRefusal(what: string, failure: StorageFailure, cause: unknown): DaybookError {
  if (cause instanceof DaybookError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (failure === 'full') return new DaybookError('disk_full', `the disk is full; make room for ${what}`, { cause });
  return new DaybookError('storage_error', `${what} was not finished (${reason}); try again`, { cause });
}
