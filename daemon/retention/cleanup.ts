import type { Database } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { EventStore } from '../storage/event-store.ts';
import { NameReader } from '../storage/name-reader.ts';
import { KeptDays } from './kept-days.ts';
import { RetentionMarks } from './retention-marks.ts';
import { type RetentionPolicy, SECONDS_PER_DAY } from './retention-policy.ts';
import {
  ArrivalWalk,
  arrivalWindow,
  type Candidate,
  type RetentionWalk,
  TimestampWalk,
  timestampWindow,
  type Verdict,
} from './retention-walks.ts';
import { Retention } from './retention.ts';
import { excessBytes, overheadBytes, spaceUsed } from './space-used.ts';
import type { Task } from '../maintenance/tasks.ts';

/** What a cleanup has removed. */
export interface Removed {
  events: number;
  /** Of these, because of their number of days, and because of the bound on the size. */
  byAge: number;
  bySize: number;
}

/** Times that the size is measured and more is taken, when what was to be enough was not. */
const MOST_SIZE_PASSES = 8;

/**
 * Removes what is older than it is kept, then what is too much. What is kept for the same number of days is looked at
 * together, and each run goes on where the last one ended: events that arrived since are met in the order of arrival, and
 * those of later timestamps by their timestamps. So a run costs what has grown old since, not what there is.
 */
export class Cleanup {
  readonly #db: Database;
  readonly #retention: Retention;
  readonly #marks: RetentionMarks;
  readonly #arrivals: ReturnType<typeof arrivalWindow>;
  readonly #timestamps: ReturnType<typeof timestampWindow>;
  #removed = 0;
  #removedDataBytes = 0;

  constructor(db: Database, store: EventStore) {
    this.#db = db;
    this.#retention = new Retention(db, store);
    this.#marks = new RetentionMarks(db);
    this.#arrivals = arrivalWindow(db);
    this.#timestamps = timestampWindow(db);
  }

  /** @param clockSeconds from which the days are counted */
  *run(policy: RetentionPolicy, clockSeconds: number): Task<Removed> {
    this.#removed = 0;
    this.#removedDataBytes = 0;
    this.#marks.adopt(policy);
    const kept = new KeptDays(policy, new NameReader(this.#db));
    const before = policy.retentionSizeBytes > 0 ? spaceUsed(this.#db) : undefined;
    for (const days of kept.distinct) yield* this.#expire(kept, days, clockSeconds - days * SECONDS_PER_DAY);
    const byAge = this.#removed;
    if (before !== undefined) {
      const overhead = overheadBytes(before);
      const gone = this.#removedDataBytes + overhead * byAge;
      let excess = excessBytes(before.databaseBytes + before.indexBytes - gone, policy.retentionSizeBytes);
      for (let pass = 0; pass < MOST_SIZE_PASSES; pass += 1) {
        if (excess > 0) yield* this.#shrink(kept, excess, pass === 0 ? overhead : overheadBytes(spaceUsed(this.#db)));
        const now = spaceUsed(this.#db);
        // The index follows later, and gives back the share of what is gone.
        const indexBytes = before.events === 0 ? 0 : (before.indexBytes * now.events) / before.events;
        excess = excessBytes(now.databaseBytes + indexBytes, policy.retentionSizeBytes);
        if (excess === 0 || now.events === 0) break;
      }
    }
    return { events: this.#removed, byAge, bySize: this.#removed - byAge };
  }

  /** What is kept for so many days, and is older. */
  *#expire(kept: KeptDays, days: number, cutoffSeconds: number): Task<void> {
    const isConcerned = ({ type_id: typeId, source_id: sourceId }: Candidate) => kept.of(typeId, sourceId) === days;
    const mark = this.#marks.of(days);
    const isOld = ({ timestamp }: Candidate) => timestamp < cutoffSeconds;
    const byArrival = (row: Candidate): Verdict => {
      if (row.arrived >= cutoffSeconds) return 'end';
      return isOld(row) && isConcerned(row) ? 'remove' : 'keep';
    };
    const save = (afterId: number) => this.#marks.pass(days, afterId);
    yield* this.#take(new ArrivalWalk(this.#arrivals, mark.afterId, byArrival, save));
    // A first run that did not come to its end has passed over some as well, and nobody knows up to which time.
    if (mark.cutoffSeconds !== undefined || mark.afterId > 0) {
      // What had arrived before already, and was kept for its timestamp.
      const range = { sinceSeconds: mark.cutoffSeconds ?? 0, untilSeconds: cutoffSeconds };
      const byTimestamp = (row: Candidate): Verdict =>
        row.arrived < cutoffSeconds && isConcerned(row) ? 'remove' : 'keep';
      yield* this.#take(new TimestampWalk(this.#timestamps, range, byTimestamp));
    }
    this.#marks.reach(days, cutoffSeconds);
  }

  /** The oldest arrivals until so many bytes are gone: first of what is kept no longer than others, then of everything. */
  *#shrink(kept: KeptDays, bytes: number, overhead: number): Task<void> {
    let left = bytes;
    const take = (row: Candidate, isConcerned: boolean): Verdict => {
      if (left <= 0) return 'end';
      if (!isConcerned) return 'keep';
      left -= row.size + overhead;
      return 'remove';
    };
    const passAll = (afterId: number, days: readonly number[]) => {
      for (const each of days) this.#marks.pass(each, afterId);
    };
    const ordinary = kept.distinct.filter((days) => days <= kept.ordinary);
    const { afterId } = this.#marks.of(kept.ordinary);
    yield* this.#take(
      new ArrivalWalk(
        this.#arrivals,
        afterId,
        (row) => take(row, kept.of(row.type_id, row.source_id) <= kept.ordinary),
        (upTo) => passAll(upTo, ordinary),
      ),
    );
    if (left > 0) {
      const save = (upTo: number) => passAll(upTo, kept.distinct);
      yield* this.#take(new ArrivalWalk(this.#arrivals, 0, (row) => take(row, true), save));
    }
  }

  *#take(walk: RetentionWalk): Task<void> {
    const counted: RetentionWalk = {
      next: (rows) => walk.next(rows),
      judge: (row) => {
        const verdict = walk.judge(row);
        if (verdict === 'remove') this.#removedDataBytes += row.size;
        return verdict;
      },
      pass: (row) => walk.pass(row),
      save: () => walk.save?.(),
    };
    let run = this.#retention.along(counted);
    while (!run.isDone) {
      const before = run.removed;
      run = this.#retention.slice(run, limits.maintenanceSliceMs);
      this.#removed += run.removed - before;
      yield;
    }
  }
}
