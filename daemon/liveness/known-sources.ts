import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import { type NamePair, NamePairs } from '../query/name-pairs.ts';
import type { Steps } from '../query/steps.ts';

/** What the database knows of a source. */
export interface KnownSource {
  /** Its number in the dictionary; null when it has had no event yet. */
  id: number | null;
  source: string;
  /** Events of it that are stored now. */
  events: number;
  /** The latest timestamp of them, seconds. */
  lastTimestamp: number | null;
  /** When the last one was committed, seconds. */
  lastCommitted: number | null;
  cadenceSeconds: number | null;
}

export interface KnownSources {
  sources: KnownSource[];
  /** There are more. */
  partial: boolean;
}

type Row = Omit<KnownSource, 'lastTimestamp'>;

/** Looks into the index by name between two looks at what else there is to do. */
const SLICE_LOOKS = 128;

/** The sources that have a cadence or events: the first are all here, of the others those with the newest commits. */
export class SourceList {
  readonly #declared: Statement<[], Row>;
  readonly #others: Statement<[number], Row>;
  readonly #pairs: NamePairs;
  readonly #lastTimestamp: Statement<NamePair, number>;

  constructor(db: Database) {
    this.#declared = db.prepare(
      `SELECT name.id AS id, source, coalesce(events, 0) AS events, committed AS lastCommitted, seconds AS cadenceSeconds
       FROM source_cadence LEFT JOIN name ON kind = 'source' AND text = source`,
    );
    this.#others = db.prepare(
      `SELECT id, text AS source, events, committed AS lastCommitted, NULL AS cadenceSeconds
       FROM name WHERE kind = 'source' AND events > 0 AND text NOT IN (SELECT source FROM source_cadence)
       ORDER BY committed DESC, id DESC LIMIT ?`,
    );
    this.#pairs = new NamePairs(db);
    this.#lastTimestamp = db
      .prepare<NamePair, number>(
        `SELECT timestamp FROM event INDEXED BY event_by_name WHERE type_id = ? AND source_id = ?
         ORDER BY timestamp DESC LIMIT 1`,
      )
      .pluck();
  }

  *readInSteps(): Steps<KnownSources> {
    const declared = this.#declared.all();
    const room = limits.sourcesListed - declared.length;
    const others = this.#others.all(room + 1);
    const rows = [...declared, ...others.slice(0, room)];
    const lastTimestamps = yield* this.#lastTimestamps();
    const sources = rows.map((row) => ({
      ...row,
      lastTimestamp: (row.id === null ? undefined : lastTimestamps.get(row.id)) ?? null,
    }));
    return { sources, partial: others.length > room };
  }

  *#lastTimestamps(): Steps<Map<number, number>> {
    const bySource = new Map<number, number>();
    let looks = 0;
    for (const pair of this.#pairs.all()) {
      const last = this.#lastTimestamp.get(...pair);
      if (last !== undefined) bySource.set(pair[1], Math.max(last, bySource.get(pair[1]) ?? last));
      looks += 1;
      if (looks % SLICE_LOOKS === 0) yield;
    }
    return bySource;
  }
}
