import type { Database } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import type { EventStore } from '../storage/event-store.ts';
import { type ForgottenTraces, Forgettings } from '../storage/forgettings.ts';
import type { NameTable } from '../storage/name-table.ts';
import type { StorageFailure } from '../storage/storage-failure.ts';
import type { RemainsOfDatabase } from '../forgetting/clear-remains.ts';
import { forgetEvents } from '../forgetting/forget-events.ts';
import { clearFile, forgetUnusedNames } from '../forgetting/forget-traces.ts';
import { rewriteCompactly } from './full-vacuum.ts';
import { RemovedFromParts } from '../retention/removed-from-parts.ts';
import type { MaintenanceSchedule } from './schedule.ts';
import type { Task } from './tasks.ts';
import { giveBackFreePages } from './vacuum.ts';

/** What a client can have the writer do besides storing: long work, done in slices. Each kind has one reply. */
export type HousekeepingRequest =
  /** Answered with a VacuumReply. */
  | { kind: 'vacuum'; full: boolean }
  /** Answered with a CleanupReport. */
  | { kind: 'cleanup' }
  /** These parts of the search index were made anew. */
  | { kind: 'index-thinned'; parts: readonly number[] }
  /** Answered with a CleanupOutlook. */
  | { kind: 'cleanup-outlook' }
  /** Answered with a ForgetReply. */
  | { kind: 'forget'; ids: number[]; patternIds: number[] }
  /** Answered with `{ isUnfinished }`: whether there are traces of what was forgotten. */
  | { kind: 'forget-state' }
  /** Answered with UnusedNamesForgotten. */
  | { kind: 'forget-names' }
  /** Answered with ClearedRemains. */
  | { kind: 'clear-remains'; traces: ForgottenTraces | null };

/** What housekeeping works on: the writer's connection and what is kept in memory with it. */
export interface HousekeepingParts {
  db: Database;
  store: EventStore;
  names: NameTable;
  maintenance: MaintenanceSchedule;
  remains: RemainsOfDatabase;
}

/** The work that a request stands for; its result is the reply. */
export function housekeepingTask(request: HousekeepingRequest, parts: HousekeepingParts): Task<object> {
  switch (request.kind) {
    case 'vacuum':
      return request.full ? rewriteCompactly(parts.db) : giveBackFreePages(parts.db);
    case 'cleanup':
      return parts.maintenance.runNow();
    case 'index-thinned':
      return once(() => {
        new RemovedFromParts(parts.db).thinned(request.parts);
        return {};
      });
    case 'cleanup-outlook':
      return once(() => parts.maintenance.outlook());
    case 'forget':
      return forgetEvents(parts, request);
    case 'forget-state':
      return once(() => ({ isUnfinished: new Forgettings(parts.db).unfinished() !== undefined }));
    case 'forget-names':
      return forgetUnusedNames(parts);
    case 'clear-remains':
      return clearFile(parts, parts.remains, request.traces);
    default:
      return request satisfies never;
  }
}

// oxlint-disable-next-line require-yield
function* once<Result>(work: () => Result): Task<Result> {
  return work();
}

/** What the one who asked is told when the storage was in the way. What was committed by then stays. */
export function housekeepingRefusal(what: string, failure: StorageFailure, cause: unknown): DaybookError {
  if (cause instanceof DaybookError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (failure === 'full') return new DaybookError('disk_full', `the disk is full; make room for ${what}`, { cause });
  return new DaybookError('storage_error', `${what} was not finished (${reason}); try again`, { cause });
}
