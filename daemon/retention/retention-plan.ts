import type { Database, Statement } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import type { PlannedType, RetentionPlan } from '../../shared/messages/retention.ts';
import { KeptDays } from './kept-days.ts';
import { type RetentionPolicy, SECONDS_PER_DAY } from './retention-policy.ts';
import { excessBytes, overheadBytes, spaceUsed } from './space-used.ts';
import { NameReader } from '../storage/name-reader.ts';
import { type NamePair, NamePairs } from '../query/name-pairs.ts';
import { finish, type Steps } from '../query/steps.ts';

/** Rows between two looks at what else there is to do: a few milliseconds. */
const WINDOW_ROWS = 2_000;

interface Row {
  id: number;
  timestamp: number;
  arrived: number;
  type_id: number;
  source_id: number;
  size: number;
}

const COLUMNS = 'id, timestamp, arrived, type_id, source_id, octet_length(data) AS size';

/** How far a walk in the order of arrival takes something: up to this id. */
interface Reach {
  cutoffSeconds: number;
  untilId: number;
}

interface Going {
  events: number;
  dataBytes: number;
}

/**
 * What a cleanup would remove, found without what earlier ones have left behind: it looks at every event that is older than
 * the shortest time that any is kept. About a second or two for a million of them.
 */
export class RetentionPlanner {
  readonly #db: Database;
  readonly #names: NameReader;
  readonly #byArrival: Statement<[number, number], Row>;
  readonly #pairs: NamePairs;
  readonly #ofPair: Statement<[...NamePair, number, number, number], Row>;
  readonly #types: Statement<[], { id: number; text: string; events: number }>;

  constructor(db: Database) {
    this.#db = db;
    this.#names = new NameReader(db);
    this.#byArrival = db.prepare(`SELECT ${COLUMNS} FROM event WHERE id > ? ORDER BY id LIMIT ?`);
    this.#pairs = new NamePairs(db);
    this.#ofPair = db.prepare(
      `SELECT ${COLUMNS} FROM event INDEXED BY event_by_name
       WHERE type_id = ? AND source_id = ? AND (timestamp, id) > (?, ?) ORDER BY timestamp, id LIMIT ?`,
    );
    this.#types = db.prepare("SELECT id, text, events FROM name WHERE kind = 'type' AND events > 0");
  }

  /** @throws DaybookError shutting_down */
  *plan(policy: RetentionPolicy, clockSeconds: number, isOver: () => boolean = () => false): Steps<RetentionPlan> {
    const kept = new KeptDays(policy, this.#names);
    const space = spaceUsed(this.#db);
    const overhead = overheadBytes(space);
    const reaches = new Map(
      kept.distinct.map((days): [number, Reach] => [
        days,
        { cutoffSeconds: clockSeconds - days * SECONDS_PER_DAY, untilId: Number.POSITIVE_INFINITY },
      ]),
    );
    const daysOf = (row: Row) => kept.of(row.type_id, row.source_id);
    const expires = (row: Row): boolean => {
      const { cutoffSeconds = 0, untilId = 0 } = reaches.get(daysOf(row)) ?? {};
      return row.id < untilId && row.timestamp < cutoffSeconds && row.arrived < cutoffSeconds;
    };

    const byType = new Map<number, Going>();
    const total: Going = { events: 0, dataBytes: 0 };
    const take = (row: Row): void => {
      const ofType = byType.get(row.type_id) ?? { events: 0, dataBytes: 0 };
      byType.set(row.type_id, ofType);
      for (const going of [ofType, total]) {
        going.events += 1;
        going.dataBytes += row.size;
      }
    };

    const active = [...reaches.values()];
    for (const row of this.#rows(0)) {
      if (row === undefined) {
        yield* pause(isOver);
        continue;
      }
      // Each walk of a cleanup ends at the first arrival that is too new for it.
      while (row.arrived >= (active.at(-1)?.cutoffSeconds ?? Number.POSITIVE_INFINITY)) {
        const ended = active.pop();
        if (ended !== undefined) ended.untilId = row.id;
      }
      if (active.length === 0) break;
      if (expires(row)) take(row);
    }

    const used = space.databaseBytes + space.indexBytes - total.dataBytes - overhead * total.events;
    let excess = excessBytes(used, policy.retentionSizeBytes);
    const byAge = total.events;
    const isOrdinary = (row: Row) => daysOf(row) <= kept.ordinary;
    /** Ranges of ids that the bound on the size takes, and of what. */
    const cut = { ordinaryFrom: 0, ordinaryTo: 0, allTo: 0 };
    const isCut = (row: Row) =>
      row.id <= cut.allTo || (row.id > cut.ordinaryFrom && row.id <= cut.ordinaryTo && isOrdinary(row));
    const first = reaches.get(kept.ordinary)?.untilId ?? 0;
    cut.ordinaryFrom = first === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : first - 1;
    for (const range of ['ordinaryTo', 'allTo'] as const) {
      if (excess <= 0) break;
      for (const row of this.#rows(range === 'allTo' ? 0 : cut.ordinaryFrom)) {
        if (row === undefined) {
          yield* pause(isOver);
          continue;
        }
        if (excess <= 0) break;
        const isTaken = !expires(row) && !isCut(row) && (range === 'allTo' || isOrdinary(row));
        cut[range] = row.id;
        if (!isTaken) continue;
        take(row);
        excess -= row.size + overhead;
      }
    }

    const oldest = yield* this.#oldestKept((row) => expires(row) || isCut(row), isOver);
    const types = this.#types.all().map(({ id, text, events }): PlannedType => {
      const { events: going = 0, dataBytes = 0 } = byType.get(id) ?? {};
      return { type: text, events: going, kept: events - going, data_bytes: dataBytes, oldest: oldest.get(id) ?? null };
    });
    return {
      events: total.events,
      by_size: total.events - byAge,
      bytes: Math.round(total.dataBytes + overhead * total.events),
      data_bytes: total.dataBytes,
      by_type: types.toSorted((a, b) => b.events - a.events || b.kept - a.kept),
    };
  }

  /** Everything behind an id in the order of arrival; undefined between two windows. */
  *#rows(afterId: number): Generator<Row | undefined, void, undefined> {
    let last = afterId;
    for (;;) {
      const rows = this.#byArrival.all(last, WINDOW_ROWS);
      yield* rows;
      if (rows.length < WINDOW_ROWS) return;
      last = rows.at(-1)?.id ?? last;
      yield undefined;
    }
  }

  /** The oldest timestamp of each type that keeps any. */
  *#oldestKept(goes: (row: Row) => boolean, isOver: () => boolean): Steps<Map<number, number>> {
    const byType = new Map<number, number>();
    for (const pair of this.#pairs.all()) {
      const oldest = yield* this.#oldestOfPair(pair, goes, isOver);
      if (oldest !== null) byType.set(pair[0], Math.min(oldest, byType.get(pair[0]) ?? oldest));
    }
    return byType;
  }

  *#oldestOfPair(pair: NamePair, goes: (row: Row) => boolean, isOver: () => boolean): Steps<number | null> {
    let last: Pick<Row, 'timestamp' | 'id'> = { timestamp: -1, id: 0 };
    for (let size = 16; ; size = WINDOW_ROWS) {
      const rows = this.#ofPair.all(...pair, last.timestamp, last.id, size);
      const oldest = rows.find((row) => !goes(row));
      yield* pause(isOver);
      if (oldest !== undefined) return oldest.timestamp;
      if (rows.length < size) return null;
      last = rows.at(-1) ?? last;
    }
  }
}

function* pause(isOver: () => boolean): Steps<void> {
  yield;
  if (isOver()) throw new DaybookError('shutting_down', 'the daemon is going away');
}

/** All of it at once. */
export function finishPlan(db: Database, policy: RetentionPolicy, clockSeconds: number): RetentionPlan {
  return finish(new RetentionPlanner(db).plan(policy, clockSeconds));
}
