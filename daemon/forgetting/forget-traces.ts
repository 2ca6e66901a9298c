import { type ForgottenTraces, Forgettings } from '../storage/forgettings.ts';
import type { ClearedRemains, RemainsOfDatabase } from './clear-remains.ts';
import { type ForgetParts, overwriting } from './forget-events.ts';
import { forgetNames, renameAll, unusedNames } from './forget-names.ts';
import type { Task } from '../maintenance/tasks.ts';

export interface UnusedNamesForgotten {
  names: number;
  /** Null when nothing was forgotten, or its traces are cleared. */
  traces: ForgottenTraces | null;
}

/** Takes away names that nothing speaks of any more. */
export function* forgetUnusedNames({ db, store, names }: ForgetParts): Task<UnusedNamesForgotten> {
  const renamed = overwriting(db, () => {
    store.begin('full');
    try {
      const found = forgetNames(db, unusedNames(db));
      store.commit();
      renameAll(found, names, store.gaps);
      return found;
    } catch (error) {
      store.rollback();
      throw error;
    }
  });
  yield;
  return { names: renamed.length, traces: new Forgettings(db).unfinished() ?? null };
}

/**
 * Clears the file and the log.
 * @param traces those of which the index was cleared: with that, all is done. Null when something is left there.
 */
export function* clearFile(
  { db, store }: ForgetParts,
  remains: RemainsOfDatabase,
  traces: ForgottenTraces | null,
): Task<ClearedRemains> {
  const cleared = yield* remains.clear();
  if (traces === null || cleared.isLogLeft || cleared.isFileLeft) return cleared;
  store.begin('full');
  try {
    new Forgettings(db).end(traces, Date.now() / 1000);
    store.commit();
  } catch (error) {
    store.rollback();
    throw error;
  }
  return cleared;
}
