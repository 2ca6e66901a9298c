import type { Database, Statement } from 'better-sqlite3';
import { CursorStore } from './cursor-store.ts';
import { GapLedger } from './gap-ledger.ts';
import type { EventRow } from './event-row.ts';
import { InsertEvents } from './insert-events.ts';
import { setDurability } from './open-database.ts';
import { ProcessedMarks } from './processed-marks.ts';
import { SourceCadences } from './source-cadences.ts';
import type { NameTable } from './name-table.ts';
import { SystemSamples } from './system-samples.ts';
import { type TallyKey, Tallies } from './tallies.ts';
import { Tombstones } from './tombstones.ts';

export interface Appended {
  stored: number;
  duplicate: number;
  /** Ids of the first and last stored event; null when none was. */
  firstId: number | null;
  lastId: number | null;
}

export interface NewPattern {
  eventId: number | null;
  patternType: string;
  confidence: number;
  patternData: string;
  embryoId: string | null;
}

/**
 * Writes events and everything that is kept with them (dictionary, counts, rollups) in one transaction.
 *
 * States: idle, and between `begin` and `commit` or `rollback` open. Appends are only good once `commit` has returned;
 * if it throws, call `rollback`: the outcome is unknown to the sender, who may send the same again.
 */
export class EventStore {
  /** What is missing. Write to it between `begin` and `commit`. */
  readonly gaps: GapLedger;
  /** How far consumers have come. Use it between `begin` and `commit`. */
  readonly cursors: CursorStore;
  /** What consumers are done with. Use it between `begin` and `commit`. */
  readonly processed: ProcessedMarks;
  /** How often sources should have events. Use it between `begin` and `commit`. */
  readonly cadences: SourceCadences;
  /** How the system was. Write to it between `begin` and `commit`. */
  readonly samples: SystemSamples;
  /** What was forgotten on request. Write to it between `begin` and `commit`. */
  readonly tombstones: Tombstones;
  readonly #db: Database;
  readonly #names: NameTable;
  readonly #insertEvents: InsertEvents;
  readonly #tallies: Tallies;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #rollback: Statement<[]>;
  readonly #saveLastId: Statement<[number]>;
  readonly #touch: Statement<[]>;
  readonly #insertPattern: Statement<[number | null, string, number, string, string | null]>;
  #durability: 'normal' | 'full' = 'normal';
  #lastId: number;
  /** Value of #lastId that `rollback` returns to. */
  #committedLastId: number;
  #recordedSources: readonly number[] = [];

  constructor(db: Database, names: NameTable) {
    this.#db = db;
    this.#names = names;
    this.gaps = new GapLedger(db);
    this.cursors = new CursorStore(db);
    this.processed = new ProcessedMarks(db);
    this.cadences = new SourceCadences(db);
    this.tombstones = new Tombstones(db);
    this.#insertEvents = new InsertEvents(db);
    this.#tallies = new Tallies(db);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#saveLastId = db.prepare("UPDATE meta SET value = ? WHERE key = 'last_id'");
    this.#touch = db.prepare("UPDATE meta SET value = value + 1 WHERE key = 'flushes'");
    this.#insertPattern = db.prepare(
      'INSERT INTO patterns (event_id, pattern_type, confidence, pattern_data, embryo_id) VALUES (?, ?, ?, ?, ?)',
    );
    // The counter outlives the rows: ids are not used again though the newest event was deleted.
    const saved = Number(db.prepare("SELECT value FROM meta WHERE key = 'last_id'").pluck().get());
    const newest = Number(db.prepare('SELECT coalesce(max(id), 0) FROM event').pluck().get());
    this.#lastId = Math.max(saved, newest);
    this.#committedLastId = this.#lastId;
    this.samples = new SystemSamples(db, this.#lastId);
  }

  /** Highest id committed so far. */
  get lastId(): number {
    return this.#committedLastId;
  }

  /** Highest id given so far, in the open transaction too. */
  get newestId(): number {
    return this.#lastId;
  }

  /** Ids of the sources that the last transaction has stored events of; none when it was rolled back. */
  get recordedSources(): readonly number[] {
    return this.#recordedSources;
  }

  /** Opens the transaction. `full` makes this commit wait for the disk. */
  begin(durability: 'normal' | 'full'): void {
    if (durability !== this.#durability) {
      setDurability(this.#db, durability);
      this.#durability = durability;
    }
    this.#recordedSources = [];
    this.#begin.run();
  }

  /** Adds one sender's events, in order. */
  append(rows: readonly EventRow[], arrivedSeconds: number): Appended {
    const firstId = this.#lastId + 1;
    const stored = this.#insertEvents.run(rows, firstId, arrivedSeconds, (row) =>
      this.#tallies.addRecorded(row, row.payloadBytes),
    );
    this.#lastId += stored;
    return {
      stored,
      duplicate: rows.length - stored,
      firstId: stored > 0 ? firstId : null,
      lastId: stored > 0 ? this.#lastId : null,
    };
  }

  /** Adds a pattern and returns its id. */
  appendPattern(pattern: NewPattern): number {
    const { eventId, patternType, confidence, patternData, embryoId } = pattern;
    return Number(this.#insertPattern.run(eventId, patternType, confidence, patternData, embryoId).lastInsertRowid);
  }

  /** Notes that an event was deleted in this transaction, for the counts. */
  noteRemoved(key: TallyKey, dataBytes: number): void {
    this.#tallies.addRemoved(key, dataBytes);
    this.#insertEvents.noteRemoved();
  }

  /** Brings the counts of the database up to date inside the transaction, for who has to read them there. */
  saveCounts(): void {
    this.#tallies.save(null);
    this.#tallies.clear();
  }

  commit(): void {
    this.#names.save();
    const recordedSources = this.#tallies.save(Date.now() / 1000);
    this.gaps.save();
    if (this.#lastId !== this.#committedLastId) this.#saveLastId.run(this.#lastId);
    // A transaction that changes nothing is not flushed; but what its duplicates are copies of may be in the log only.
    else if (this.#durability === 'full') this.#touch.run();
    this.#commit.run();
    this.#names.saved();
    this.#tallies.clear();
    this.gaps.saved();
    this.tombstones.saved();
    this.#committedLastId = this.#lastId;
    this.#recordedSources = recordedSources;
  }

  /** Ends the transaction without a trace. Good in every state. */
  rollback(): void {
    if (this.#db.inTransaction) this.#rollback.run();
    this.#insertEvents.noteRemoved();
    this.#tallies.clear();
    this.gaps.rollback();
    this.tombstones.rollback();
    this.#lastId = this.#committedLastId;
  }
}
