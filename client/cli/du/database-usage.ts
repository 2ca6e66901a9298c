import type { DatabaseSync } from 'node:sqlite';

/** What events of a name take. */
export interface NameUsage {
  name: string;
  events: number;
  /** Payloads as they are kept: exact. */
  data_bytes: number;
  /** With their share of rows and indexes, at which all events are taken to be alike. */
  bytes: number;
}

/** How the pages of the database are used, bytes. Together they are all of its pages. */
export interface PageUsage {
  /** Events, and how much of that is payload. */
  rows: number;
  indexes: number;
  /** Names, hours, gaps, patterns and whatever else is no event. */
  other: number;
  /** To be given back, or used again. */
  free: number;
  /** What SQLite keeps to move pages by. */
  map: number;
}

export interface DatabaseUsage {
  by: NameUsage[];
  pages: PageUsage;
}

/** Reads every page once: 0.2 s for a million events. */
export function databaseUsage(db: DatabaseSync, by: 'type' | 'source'): DatabaseUsage {
  const trees = new Map(
    db
      .prepare("SELECT name, pgsize FROM dbstat('main', 1)")
      .all()
      .map(({ name, pgsize }) => [String(name), Number(pgsize)]),
  );
  const eventIndexes = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'event'").all();
  const rows = trees.get('event') ?? 0;
  const indexes = eventIndexes.reduce((sum, { name }) => sum + (trees.get(String(name)) ?? 0), 0);
  const used = [...trees.values()].reduce((sum, bytes) => sum + bytes, 0);
  const pageBytes = figure(db, 'page_size');
  const free = figure(db, 'freelist_count') * pageBytes;
  const pages = {
    rows,
    indexes,
    other: used - rows - indexes,
    free,
    map: figure(db, 'page_count') * pageBytes - used - free,
  };
  const names = db.prepare(BY_NAME[by]).all() as unknown as Omit<NameUsage, 'bytes'>[];
  const total = names.reduce(
    (sum, { events, data_bytes: bytes }) => ({ events: sum.events + events, bytes: sum.bytes + bytes }),
    {
      events: 0,
      bytes: 0,
    },
  );
  const overhead = total.events === 0 ? 0 : Math.max(0, rows + indexes - total.bytes) / total.events;
  return {
    by: names.map((each) => ({ ...each, bytes: Math.round(each.data_bytes + overhead * each.events) })),
    pages,
  };
}

const BY_NAME = {
  type: `SELECT name.text AS name, sum(recorded - removed) AS events, sum(data_bytes) AS data_bytes
    FROM rollup JOIN name ON name.kind = 'type' AND name.id = type_id
    GROUP BY type_id HAVING sum(recorded - removed) > 0 ORDER BY 3 DESC, 1`,
  source: `SELECT name.text AS name, sum(recorded - removed) AS events, sum(data_bytes) AS data_bytes
    FROM rollup JOIN name ON name.kind = 'source' AND name.id = source_id
    GROUP BY source_id HAVING sum(recorded - removed) > 0 ORDER BY 3 DESC, 1`,
} as const;

function figure(db: DatabaseSync, pragma: 'page_count' | 'page_size' | 'freelist_count'): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma] ?? 0);
}
