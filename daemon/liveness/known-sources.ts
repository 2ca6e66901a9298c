import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
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

/** Sources between two looks at what else there is to do: each is one look into the index by source. */
const SLICE_SOURCES = 128;

/** The sources that have a cadence or events: the first are all here, of the others those with the newest commits. */
export class SourceList {
  readonly #declared: Statement<[], Row>;
  readonly #others: Statement<[number], Row>;
  readonly #lastTimestamp: Statement<[number], number>;

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
    this.#lastTimestamp = db
      .prepare<[number], number>(
        'SELECT timestamp FROM event INDEXED BY event_by_source WHERE source_id = ? ORDER BY timestamp DESC LIMIT 1',
      )
      .pluck();
  }

  *readInSteps(): Steps<KnownSources> {
    const declared = this.#declared.all();
    const room = limits.sourcesListed - declared.length;
    const others = this.#others.all(room + 1);
    const rows = [...declared, ...others.slice(0, room)];
    const sources: KnownSource[] = [];
    for (const row of rows) {
      const lastTimestamp = row.id === null ? undefined : this.#lastTimestamp.get(row.id);
      sources.push({ ...row, lastTimestamp: lastTimestamp ?? null });
      if (sources.length % SLICE_SOURCES === 0) yield;
    }
    return { sources, partial: others.length > room };
  }
}
