import type { Database } from 'better-sqlite3';

/**
 * What is kept about events beside the events, held against them: indexes, hourly rollups, events per name, the counter
 * of ids. Empty when all of it agrees.
 */
export function databaseInconsistencies(db: Database): string[] {
  // Everything that quick_check looks at, and the entries of each index against the rows.
  const structure = db.prepare<[], string>('PRAGMA integrity_check(20)').pluck().all();
  const problems = structure.filter((line) => line !== 'ok').map((line) => `integrity_check: ${line}`);
  const has = (table: string) => db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
  const all = { ...differences, ...(has('gap') && gaps), ...(has('waiting') && waiting) };
  for (const [what, sql] of Object.entries(all)) {
    const rows = db.prepare<[], { [column: string]: unknown }>(`${sql} LIMIT 5`).all();
    problems.push(...rows.map((row) => `${what}: ${JSON.stringify(row)}`));
  }
  return problems;
}

/** Each finds the rows that should not be. */
const differences = {
  'an event whose names are not in the dictionary': `
    SELECT id FROM events JOIN event USING (id)
    WHERE event_type IS NULL OR events.source IS NULL OR (action_id IS NOT NULL AND events.action IS NULL)`,
  'an hour with other counts than its events': `
    SELECT hour, type_id, source_id, action_id, sum(kept) AS kept, sum(bytes) AS bytes FROM (
      SELECT hour, type_id, source_id, action_id, recorded - removed AS kept, data_bytes AS bytes FROM rollup
      UNION ALL
      SELECT CAST(timestamp / 3600 AS INTEGER), type_id, source_id, coalesce(action_id, 0), -count(*),
        -sum(octet_length(data))
      FROM event GROUP BY 1, 2, 3, 4
    ) GROUP BY hour, type_id, source_id, action_id HAVING sum(kept) <> 0 OR sum(bytes) <> 0`,
  'an hour from which more was removed than recorded': 'SELECT * FROM rollup WHERE removed NOT BETWEEN 0 AND recorded',
  'a name with another count than its events': `
    SELECT kind, id, sum(events) AS events FROM (
      SELECT kind, id, events FROM name
      UNION ALL SELECT 'type', type_id, -count(*) FROM event GROUP BY type_id
      UNION ALL SELECT 'source', source_id, -count(*) FROM event GROUP BY source_id
      UNION ALL SELECT 'action', action_id, -count(*) FROM event WHERE action_id IS NOT NULL GROUP BY action_id
    ) GROUP BY kind, id HAVING sum(events) <> 0`,
  'a counter of ids that is not the number of events ever recorded': `
    SELECT value AS last_id, recorded FROM meta, (SELECT coalesce(sum(recorded), 0) AS recorded FROM rollup)
    WHERE key = 'last_id' AND value <> recorded`,
  'an id beyond the counter of ids': `
    SELECT id FROM event WHERE id > (SELECT value FROM meta WHERE key = 'last_id')`,
} as const;

/** Not in the first schemas. */
const waiting = {
  'an event that waits and is not in the list, or the other way round': `
    SELECT id, sum(listed) AS listed FROM (
      SELECT type_id, source_id, timestamp, id, 1 AS listed FROM waiting
      UNION ALL SELECT type_id, source_id, timestamp, id, -1 FROM event
      WHERE processed = 0 AND id <= (SELECT value FROM meta WHERE key = 'waiting_up_to')
    ) GROUP BY type_id, source_id, timestamp, id HAVING sum(listed) <> 0`,
} as const;

/** Not in the first schema. */
const gaps = { 'a gap, and nothing was lost': "SELECT * FROM gap WHERE reason NOT LIKE 'rejected: %'" } as const;
