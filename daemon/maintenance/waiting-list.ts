import type { Database, Statement, Transaction } from 'better-sqlite3';
import type { EventStore } from '../storage/event-store.ts';
import type { Task, Tasks } from './tasks.ts';

/** Ids that are not in the list yet, from which it goes on. A reader looks at them one by one. */
const BEHIND_IDS = 1_000;
/** Ids of one slice: some milliseconds. */
const SLICE_IDS = 4_000;
/** Slices after which it is the turn of other housekeeping. */
const SLICES = 50;

/**
 * Keeps the list of what nobody has marked as processed (table `waiting`), which goes up to an id and follows the newest at a
 * distance: what is marked soon after it came costs nothing. Triggers take out of it what is marked or deleted.
 *
 * States: unwanted (nobody has ever marked an event), level, behind (a task is under way).
 */
export class WaitingList {
  readonly #store: Pick<EventStore, 'lastId' | 'processed'>;
  readonly #tasks: Pick<Tasks, 'run'>;
  readonly #onError: (error: unknown) => void;
  readonly #behindIds: number;
  readonly #readUpTo: Statement<[], number>;
  readonly #goOn: Transaction<(upTo: number, next: number) => void>;
  #upTo: number | undefined;
  #isRunning = false;

  constructor(
    db: Database,
    store: Pick<EventStore, 'lastId' | 'processed'>,
    tasks: Pick<Tasks, 'run'>,
    onError: (error: unknown) => void,
    behindIds = BEHIND_IDS,
  ) {
    this.#store = store;
    this.#tasks = tasks;
    this.#onError = onError;
    this.#behindIds = behindIds;
    this.#readUpTo = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'waiting_up_to'").pluck();
    const add = db.prepare<[number, number]>(
      `INSERT INTO waiting (type_id, source_id, timestamp, id)
       SELECT type_id, source_id, timestamp, id FROM event WHERE id > ? AND id <= ? AND processed = 0`,
    );
    const setUpTo = db.prepare<[number]>("UPDATE meta SET value = ? WHERE key = 'waiting_up_to'");
    this.#goOn = db.transaction((upTo: number, next: number) => {
      add.run(upTo, next);
      setUpTo.run(next);
    });
    this.#upTo = this.#readUpTo.get();
  }

  /** Call after each commit. */
  noteCommit(): void {
    if (this.#upTo === undefined && this.#store.processed.isUsed) this.#upTo = this.#readUpTo.get();
    if (this.#upTo === undefined || this.#isRunning || this.#store.lastId - this.#upTo < this.#behindIds) return;
    this.#isRunning = true;
    this.#tasks.run(this.#catchUp(this.#upTo)).then(
      () => {
        this.#isRunning = false;
        this.noteCommit();
      },
      (error: unknown) => {
        this.#isRunning = false;
        this.#onError(error);
      },
    );
  }

  *#catchUp(from: number): Task<void> {
    let upTo = from;
    for (let slice = 0; slice < SLICES && upTo < this.#store.lastId; slice += 1) {
      const next = Math.min(upTo + SLICE_IDS, this.#store.lastId);
      this.#goOn.immediate(upTo, next);
      this.#upTo = next;
      upTo = next;
      yield;
    }
  }
}
