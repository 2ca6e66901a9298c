import type { Database, Statement } from 'better-sqlite3';
import type { EventStore } from '../storage/event-store.ts';
import type { TallyKey } from '../storage/tallies.ts';

interface ArrivalRow {
  id: number;
  timestamp: number;
  arrived: number;
  type_id: number;
  source_id: number;
  action_id: number | null;
  /** Bytes of the payload as it is kept. */
  size: number;
}

/** One walk over the events from the oldest arrival on. */
export interface RetentionRun {
  /** Events go when both their timestamp and their arrival are before this, seconds. */
  cutoffSeconds: number;
  /** The walk has been up to here. */
  afterId: number;
  removed: number;
  isDone: boolean;
}

const FIRST_SLICE_ROWS = 200;
const MAX_SLICE_ROWS = 2_000;
/** The share of its time that a slice spends on rows: the commit, and now and then a checkpoint, take the rest. */
const ROWS_SHARE = 1 / 5;

/**
 * Deletes expired events in slices, oldest arrivals first. Arrival order is id order, so a run looks at expired rows and
 * at the one row behind them, never at the table.
 */
export class Retention {
  readonly #store: EventStore;
  readonly #window: Statement<[number, number], ArrivalRow>;
  readonly #delete: Statement<[number]>;
  /** Rows of the next slice: grows and shrinks with the time that the last one took. */
  #sliceRows = FIRST_SLICE_ROWS;

  constructor(db: Database, store: EventStore) {
    this.#store = store;
    this.#window = db.prepare(
      `SELECT id, timestamp, arrived, type_id, source_id, action_id, octet_length(data) AS size
       FROM event WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#delete = db.prepare('DELETE FROM event WHERE id = ?');
  }

  begin(cutoffSeconds: number): RetentionRun {
    return { cutoffSeconds, afterId: 0, removed: 0, isDone: false };
  }

  /** Does one slice, in a transaction of its own, and returns where the run then stands. */
  slice(run: RetentionRun, budgetMs: number): RetentionRun {
    const started = performance.now();
    const rows = this.#window.all(run.afterId, this.#sliceRows);
    let { afterId, removed } = run;
    let isDone = rows.length < this.#sliceRows;
    this.#store.begin('normal');
    try {
      for (const row of rows) {
        if (row.arrived >= run.cutoffSeconds) {
          isDone = true;
          break;
        }
        afterId = row.id;
        if (row.timestamp < run.cutoffSeconds) {
          this.#delete.run(row.id);
          this.#store.noteRemoved(tallyKey(row), row.size);
          removed += 1;
        }
        if (performance.now() - started > budgetMs * ROWS_SHARE) {
          isDone = false;
          break;
        }
      }
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
    return { ...run, afterId, removed, isDone };
  }
}

function tallyKey(row: ArrivalRow): TallyKey {
  const { timestamp, type_id: typeId, source_id: sourceId, action_id: actionId } = row;
  return { timestamp, typeId, sourceId, actionId };
}
