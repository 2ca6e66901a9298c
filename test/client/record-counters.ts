import type { RecordCounters } from '../../client/index.ts';

/** All counters of `record()`, those that are not named being 0. */
export function counted(counters: Partial<RecordCounters>): RecordCounters {
  return {
    recorded: 0,
    stored: 0,
    duplicate: 0,
    rejected: 0,
    dropped: 0,
    pending: 0,
    spooled: 0,
    recovered: 0,
    damaged: 0,
    spoolProblems: 0,
    ...counters,
  };
}
