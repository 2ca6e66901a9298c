import type { DatabaseSync } from 'node:sqlite';
import { type Refusal, refusalOf } from '../../../shared/database-format.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { headOf, openTraceless } from '../sql/open-database.ts';
import { sqlFailure } from '../sql/sql-failure.ts';

/** What a database that no daemon has open says of itself. */
export interface FileLook {
  /** Why a daemon would not start on it. */
  readonly refusal?: Refusal;
  /** What is damaged, or why it could not be looked at. */
  readonly problem?: DaybookError;
  /** How much of its events was looked at, 0 to 1. */
  readonly share: number;
}

/** Looking through so much takes a second. */
const WHOLE_BYTES = 256 * 1024 * 1024;
/** Of a larger one, as much as can be read in this time. */
const LOOK_MS = 2_000;
const SLICE_EVENTS = 2_000;
/** Steps of this share of the whole visit all places evenly, however many there are. */
const GOLDEN = 0.618_033_988_749_895;

/** Reads only, and leaves no trace: no log, no index of one. */
export function lookAtFile(path: string, bytes: number, lookMs = bytes > WHOLE_BYTES ? LOOK_MS : 0): FileLook {
  try {
    const { db, checkUnchanged } = openTraceless(path);
    try {
      const refusal = refusalOf(path, headOf(db));
      if (refusal !== undefined) return { refusal, share: 0 };
      const look = lookMs === 0 ? lookThrough(db, path) : lookAtSlices(db, lookMs);
      checkUnchanged();
      return look;
    } finally {
      db.close();
    }
  } catch (error) {
    const problem = sqlFailure(error, path);
    return { problem: problem instanceof DaybookError ? problem : damage(path, String(problem)), share: 0 };
  }
}

function lookThrough(db: DatabaseSync, path: string): FileLook {
  const [row = {}] = db.prepare('PRAGMA quick_check(1)').all();
  const verdict = String(Object.values(row)[0]);
  return verdict === 'ok' ? { share: 1 } : { problem: damage(path, verdict), share: 1 };
}

/** Everything but the events, and slices of these from all over the file. @throws the error of SQLite */
function lookAtSlices(db: DatabaseSync, lookMs: number): FileLook {
  const end = performance.now() + lookMs;
  const ids = db.prepare('SELECT min(id) AS first, max(id) AS last FROM event').get() ?? {};
  const [first, last] = [Number(ids['first'] ?? 0), Number(ids['last'] ?? 0)];
  const slices = Math.max(Math.ceil((last - first + 1) / SLICE_EVENTS), 1);
  const slice = db.prepare('SELECT sum(length(data)) FROM event WHERE id >= ? AND id < ?');
  const seen = new Set<number>();
  // The newest first: what was written last is what a crash has hurt.
  for (let at = 1; seen.size < slices && performance.now() < end; at = (at + GOLDEN) % 1) {
    const index = nextUnseen(seen, Math.min(Math.floor(at * slices), slices - 1), slices);
    seen.add(index);
    const from = first + index * SLICE_EVENTS;
    slice.get(from, from + SLICE_EVENTS);
  }
  return { share: seen.size / slices };
}

function nextUnseen(seen: ReadonlySet<number>, wanted: number, count: number): number {
  let index = wanted;
  while (seen.has(index)) index = (index + 1) % count;
  return index;
}

function damage(path: string, verdict: string): DaybookError {
  return new DaybookError('damaged_database', `${path} is damaged: ${verdict.replaceAll(/\s+/g, ' ').trim()}`);
}
