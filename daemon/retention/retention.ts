import type { Database, Statement } from 'better-sqlite3';
import type { EventStore } from '../storage/event-store.ts';
import type { TallyKey } from '../storage/tallies.ts';
import { RemovedFromParts } from './removed-from-parts.ts';
import { ArrivalWalk, arrivalWindow, type Candidate, type RetentionWalk } from './retention-walks.ts';

/** One walk over events, and what it has taken. */
export interface RetentionRun {
  walk: RetentionWalk;
  removed: number;
  isDone: boolean;
}

const FIRST_SLICE_ROWS = 200;
const MAX_SLICE_ROWS = 2_000;
/** The share of its time that a slice spends on rows: the commit, and now and then a checkpoint, take the rest. */
const ROWS_SHARE = 1 / 5;

/** Deletes events in slices, each in a transaction of its own, and keeps the counts of what is there and what went. */
export class Retention {
  readonly #store: EventStore;
  readonly #arrivals: ReturnType<typeof arrivalWindow>;
  readonly #delete: Statement<[number]>;
  readonly #countRemoved: Statement<[number]>;
  readonly #removedFromParts: RemovedFromParts;
  /** Rows of the next slice: grows and shrinks with the time that the last one took. */
  #sliceRows = FIRST_SLICE_ROWS;

  constructor(db: Database, store: EventStore) {
    this.#store = store;
    this.#arrivals = arrivalWindow(db);
    this.#delete = db.prepare('DELETE FROM event WHERE id = ?');
    this.#countRemoved = db.prepare(
      `INSERT INTO meta (key, value) VALUES ('retention_removed', ?)
       ON CONFLICT DO UPDATE SET value = value + excluded.value`,
    );
    this.#removedFromParts = new RemovedFromParts(db);
  }

  /** A walk over everything that takes what is older, seconds, in both its timestamp and its arrival. */
  begin(cutoffSeconds: number): RetentionRun {
    return this.along(
      new ArrivalWalk(this.#arrivals, 0, ({ timestamp, arrived }) =>
        arrived >= cutoffSeconds ? 'end' : timestamp < cutoffSeconds ? 'remove' : 'keep',
      ),
    );
  }

  along(walk: RetentionWalk): RetentionRun {
    return { walk, removed: 0, isDone: false };
  }

  /** Does one slice, and returns where the run then stands. A run of which a slice has failed is over. */
  slice({ walk, removed }: RetentionRun, budgetMs: number): RetentionRun {
    const started = performance.now();
    const rows = walk.next(this.#sliceRows);
    const removedRows: Candidate[] = [];
    let isDone = rows.length < this.#sliceRows;
    this.#store.begin('normal');
    try {
      for (const row of rows) {
        const verdict = walk.judge(row);
        if (verdict === 'end') {
          isDone = true;
          break;
        }
        if (verdict === 'remove') {
          this.#delete.run(row.id);
          this.#store.noteRemoved(tallyKey(row), row.size);
          removedRows.push(row);
        }
        walk.pass(row);
        if (performance.now() - started > budgetMs * ROWS_SHARE) {
          isDone = false;
          break;
        }
      }
      walk.save?.();
      this.#count(removedRows);
      this.#store.commit();
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
    const spentMs = performance.now() - started;
    this.#sliceRows = Math.max(
      1,
      Math.min(MAX_SLICE_ROWS, Math.round((rows.length * budgetMs * ROWS_SHARE) / Math.max(spentMs, 1))),
    );
    return { walk, removed: removed + removedRows.length, isDone };
  }

  #count(rows: readonly Candidate[]): void {
    if (rows.length === 0) return;
    this.#countRemoved.run(rows.length);
    this.#removedFromParts.add(rows.map(({ id }) => id));
  }
}

function tallyKey(row: Candidate): TallyKey {
  const { timestamp, type_id: typeId, source_id: sourceId, action_id: actionId } = row;
  return { timestamp, typeId, sourceId, actionId };
}
