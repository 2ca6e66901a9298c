import type { Database, Statement } from 'better-sqlite3';
import type { Origin } from '../../shared/messages/origin.ts';
import type { ReportedGap } from '../../shared/messages/report-gaps.ts';
import { CounterGaps, type Span } from './counter-gaps.ts';

/** Events that were refused, all with the same code. */
export interface RefusedEvents extends Span {
  producer: string | null;
  code: string;
  count: number;
}

/** Events that were acknowledged and are not there any more. */
export interface LostEvents {
  count: number;
  since: number;
  until: number;
  reason: string;
}

interface Producer {
  id: number;
  name: string;
  epoch: string;
  next: number;
  lastTimestamp: number | null;
  lastSourceId: number | null;
  arrived: number;
  isDirty: boolean;
}

/** Refusals that differ in no more than their moment share a row for so long. */
const REFUSALS_SHARE_SECONDS = 3_600;
/**
 * Producers are known for so much longer than events are kept: one that speaks again after it was forgotten would seem to
 * have left out all numbers before.
 */
const PRODUCERS_KEPT_SECONDS = 365 * 86_400;
/** Producers kept in memory. */
const KNOWN_PRODUCERS = 1_024;

/**
 * What is missing from the history, kept in the same transactions as the history. It learns of it from the numbers that
 * producers give their events, from their own reports, and from refusals.
 *
 * Between two transactions it holds what was committed only: `rollback` forgets the rest.
 */
export class GapLedger {
  readonly #db: Database;
  readonly #gaps: CounterGaps;
  readonly #find: Statement<[string, string], Omit<Producer, 'isDirty'>>;
  readonly #add: Statement<[string, string, number]>;
  readonly #save: Statement<[number, number | null, number | null, number, number]>;
  readonly #addRefused: Statement<[string | null, number | null, number, number, number, string, number]>;
  readonly #growRefused: Statement<[number, number, number, string, number, string | null, number | null]>;
  readonly #addLost: Statement<[number, number, number, string, number]>;
  readonly #count: Statement<[], number>;
  /** Undefined when it has to be counted again. */
  #size: number | undefined;
  readonly #producers = new Map<string, Producer>();

  constructor(db: Database) {
    this.#db = db;
    this.#gaps = new CounterGaps(db);
    this.#find = db.prepare(
      `SELECT id, name, epoch, next, last_timestamp AS lastTimestamp, last_source_id AS lastSourceId, arrived
       FROM producer WHERE name = ? AND epoch = ?`,
    );
    this.#add = db.prepare('INSERT INTO producer (name, epoch, next, arrived) VALUES (?, ?, 1, ?)');
    this.#save = db.prepare(
      'UPDATE producer SET next = ?, last_timestamp = ?, last_source_id = ?, arrived = ? WHERE id = ?',
    );
    this.#addRefused = db.prepare(
      'INSERT INTO gap (producer, source_id, events, since, until, reason, noticed) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#growRefused = db.prepare(
      `UPDATE gap SET events = events + ?, since = min(since, ?), until = max(until, ?)
       WHERE id = (SELECT id FROM gap WHERE reason = ? AND noticed > ? AND producer IS ? AND source_id IS ?
                   AND producer_id IS NULL LIMIT 1)`,
    );
    this.#count = db.prepare<[], number>('SELECT count(*) FROM gap').pluck();
    this.#addLost = db.prepare('INSERT INTO gap (events, since, until, reason, noticed) VALUES (?, ?, ?, ?, ?)');
  }

  /** How many gaps there are. */
  get size(): number {
    return (this.#size ??= this.#count.get() ?? 0);
  }

  /** Whether the producer's event with this number has come before. */
  hasArrived(origin: Origin, counter: number): boolean {
    const producer = this.#producer(origin.producer, origin.epoch, 0);
    return counter < producer.next && !this.#gaps.has(producer.id, counter);
  }

  /**
   * Events of a producer have come, numbered from `origin.first` on.
   * @param span of those that were accepted; undefined when none was
   */
  arrived(origin: Origin, count: number, span: Span | undefined, nowSeconds: number): void {
    const producer = this.#producer(origin.producer, origin.epoch, nowSeconds);
    const { first } = origin;
    const last = first + count - 1;
    if (first !== producer.next) this.#size = undefined;
    if (first < producer.next) this.#gaps.take(producer.id, first, Math.min(last, producer.next - 1));
    else if (first > producer.next) this.#addMissing(producer, first - 1, span, nowSeconds);
    producer.next = Math.max(producer.next, last + 1);
    if (span !== undefined) {
      producer.lastTimestamp = span.until;
      producer.lastSourceId = span.sourceId;
    }
    producer.arrived = Math.floor(nowSeconds);
    producer.isDirty = true;
  }

  /** A producer says which of its events will not come. Those that have come all the same are no gap. */
  reported(gap: ReportedGap, sourceId: number | null, nowSeconds: number): void {
    const producer = this.#producer(gap.producer, gap.epoch, nowSeconds);
    const { from, to, since, until, reason } = gap;
    const span = { sourceId, since, until };
    this.#size = undefined;
    if (from > producer.next) this.#addMissing(producer, from - 1, span, nowSeconds);
    const absent = from < producer.next ? this.#gaps.take(producer.id, from, Math.min(to, producer.next - 1)) : [];
    if (to >= producer.next) {
      absent.push({ from: Math.max(from, producer.next), to });
      producer.next = to + 1;
    }
    producer.arrived = Math.floor(nowSeconds);
    producer.isDirty = true;
    for (const range of absent)
      this.#gaps.add({ id: producer.id, name: gap.producer }, range, span, reason, nowSeconds);
  }

  refused({ producer, sourceId, code, count, since, until }: RefusedEvents, nowSeconds: number): void {
    const reason = `rejected: ${code}`;
    this.#size = undefined;
    const from = nowSeconds - REFUSALS_SHARE_SECONDS;
    if (this.#growRefused.run(count, since, until, reason, from, producer, sourceId).changes > 0) return;
    this.#addRefused.run(producer, sourceId, count, since, until, reason, nowSeconds);
  }

  lost({ count, since, until, reason }: LostEvents, nowSeconds: number): void {
    this.#size = undefined;
    this.#addLost.run(count, since, until, reason, nowSeconds);
  }

  /** Writes what has changed; call inside the transaction, and `saved` after its COMMIT. */
  save(): void {
    for (const producer of this.#producers.values()) {
      if (!producer.isDirty) continue;
      const { id, next, lastTimestamp, lastSourceId, arrived } = producer;
      this.#save.run(next, lastTimestamp, lastSourceId, arrived, id);
    }
  }

  saved(): void {
    for (const producer of this.#producers.values()) producer.isDirty = false;
    if (this.#producers.size > KNOWN_PRODUCERS) this.#producers.clear();
  }

  rollback(): void {
    this.#size = undefined;
    this.#producers.clear();
  }

  /** Forgets what belongs to times of which nothing is kept. Call inside a transaction. */
  expire(cutoffSeconds: number): void {
    this.#db.prepare('DELETE FROM gap WHERE until < ? AND noticed < ?').run(cutoffSeconds, cutoffSeconds);
    this.#db
      .prepare(
        `DELETE FROM producer
         WHERE arrived < ? AND id NOT IN (SELECT producer_id FROM gap WHERE producer_id IS NOT NULL)`,
      )
      .run(cutoffSeconds - PRODUCERS_KEPT_SECONDS);
    this.#producers.clear();
    this.#size = undefined;
  }

  #producer(name: string, epoch: string, nowSeconds: number): Producer {
    const key = JSON.stringify([name, epoch]);
    const known = this.#producers.get(key);
    if (known !== undefined) return known;
    const found = this.#find.get(name, epoch);
    const producer: Producer =
      found === undefined
        ? {
            id: Number(this.#add.run(name, epoch, Math.floor(nowSeconds)).lastInsertRowid),
            name,
            epoch,
            next: 1,
            lastTimestamp: null,
            lastSourceId: null,
            arrived: Math.floor(nowSeconds),
            isDirty: false,
          }
        : { ...found, isDirty: false };
    this.#producers.set(key, producer);
    return producer;
  }

  /** The producer has numbered events up to `to` that have not come. */
  #addMissing(producer: Producer, to: number, next: Span | undefined, nowSeconds: number): void {
    const from = producer.next;
    const since = producer.lastTimestamp ?? next?.since ?? nowSeconds;
    const until = next?.since ?? nowSeconds;
    const span = {
      sourceId: producer.lastSourceId ?? next?.sourceId ?? null,
      since: Math.min(since, until),
      until: Math.max(since, until),
    };
    this.#gaps.add(producer, { from, to }, span, 'missing', nowSeconds);
    producer.next = to + 1;
  }
}
