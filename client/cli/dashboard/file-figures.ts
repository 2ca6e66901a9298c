import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Pattern, StoredEvent } from '../../index.ts';
import { openDatabase } from '../sql/open-database.ts';
import { sqlFailure } from '../sql/sql-failure.ts';
import { type Figures, type LearningFigures, MINUTES, nothingKnown, type Said } from './figures.ts';
import { LatestEvents } from './latest-events.ts';
import { matchesFilter } from './view.ts';

/** Pairs of names that a filter finds and that are looked at. */
const MOST_PAIRS = 64;

/** A type and a source that events have together. */
interface Pair {
  typeId: number;
  sourceId: number;
}

/** Leaps from one pair to the next in their index. */
const PAIRS = `
  WITH RECURSIVE pair (typeId, sourceId) AS (
    VALUES (-1, -1)
    UNION ALL
    SELECT type_id, source_id FROM pair JOIN main.event ON id = coalesce(
      (SELECT id FROM main.event WHERE type_id = typeId AND source_id > sourceId ORDER BY source_id LIMIT 1),
      (SELECT id FROM main.event WHERE type_id > typeId ORDER BY type_id, source_id LIMIT 1)
    )
  )
  SELECT typeId, sourceId FROM pair WHERE typeId >= 0`;

interface Name {
  kind: 'type' | 'source';
  id: number;
  text: string;
  events: number;
}

/**
 * What a database file tells without a daemon. It is opened, read and closed, and leaves no trace.
 * @param latest how many events
 * @throws DaybookError as `openDatabase` does
 */
export function fileFigures(path: string, latest: number, filter: string, now: number): Figures {
  const { db, checkUnchanged } = openDatabase(path);
  try {
    const figures = read(db, path, latest, filter, now);
    checkUnchanged();
    return figures;
  } catch (error) {
    // What looks like damage may be a change.
    checkUnchanged();
    throw sqlFailure(error, path);
  } finally {
    db.close();
  }
}

function read(db: DatabaseSync, path: string, latest: number, filter: string, now: number): Figures {
  const names = rows<Name>(
    db,
    "SELECT kind, id, text, events FROM main.name WHERE events > 0 AND kind IN ('type', 'source') ORDER BY events DESC, text",
  );
  const types = names.filter(({ kind }) => kind === 'type');
  const pairs = rows<Pair>(db, PAIRS);
  const [span] = rows<{ oldest: number | null; newest: number | null }>(
    db,
    'SELECT (SELECT min(timestamp) FROM main.event) AS oldest, (SELECT max(timestamp) FROM main.event) AS newest',
  );
  return {
    ...nothingKnown,
    capture: {
      events: types.reduce((sum, { events }) => sum + events, 0),
      patterns: rows<{ patterns: number }>(db, 'SELECT count(*) AS patterns FROM main.patterns')[0]?.patterns ?? 0,
      size_bytes: sizeOf(path) + sizeOf(`${path}-wal`),
      oldest: span?.oldest ?? null,
      newest: span?.newest ?? null,
      stored: null,
      duplicate: null,
      rejected: null,
    },
    minutes: minutes(db, now),
    types: types.map(({ text, events }) => ({ type: text, events, events_per_second: null })),
    sources: names
      .filter(({ kind }) => kind === 'source')
      .map(({ id, text, events }) => ({
        source: text,
        events,
        last: lastOf(db, pairs, id),
        state: null,
        cadence_seconds: null,
      })),
    learning: learning(db),
    latest: latestEvents(db, names, pairs, latest, filter),
  };
}

function minutes(db: DatabaseSync, now: number): Figures['minutes'] {
  const first = Math.floor(now / 60) - (MINUTES - 1);
  const counted = rows<{ minute: number; events: number }>(
    db,
    `SELECT CAST(timestamp / 60 AS INTEGER) AS minute, count(*) AS events FROM main.event INDEXED BY event_identity
     WHERE timestamp >= ? AND timestamp < ? GROUP BY 1`,
    first * 60,
    (first + MINUTES) * 60,
  );
  const events = Array.from<number>({ length: MINUTES }).fill(0);
  for (const { minute, events: count } of counted) events[minute - first] = count;
  return { since: first * 60, events };
}

function lastOf(db: DatabaseSync, pairs: readonly Pair[], source: number): number | null {
  const sql = 'SELECT max(timestamp) AS last FROM main.event WHERE type_id = ? AND source_id = ?';
  const lasts = pairs
    .filter(({ sourceId }) => sourceId === source)
    .flatMap(({ typeId, sourceId }) => rows<{ last: number | null }>(db, sql, typeId, sourceId)[0]?.last ?? []);
  return lasts.length === 0 ? null : Math.max(...lasts);
}

function learning(db: DatabaseSync): LearningFigures {
  const said = (column: 'active_embryos' | 'avg_fitness') =>
    rows<{ value: number; at: number }>(
      db,
      `SELECT ${column} AS value, timestamp AS at FROM main.system_stats WHERE ${column} IS NOT NULL ORDER BY id DESC LIMIT 1`,
    )[0] satisfies Said | undefined;
  const [pattern] = rows<Pattern>(
    db,
    `SELECT id, event_id AS eventId, pattern_type AS patternType, confidence, pattern_data AS patternData,
       embryo_id AS embryoId, CAST(strftime('%s', created_at) AS INTEGER) AS created
     FROM main.patterns ORDER BY id DESC LIMIT 1`,
  );
  return {
    active_embryos: said('active_embryos') ?? null,
    average_fitness: said('avg_fitness') ?? null,
    latest_pattern: pattern ?? null,
  };
}

function latestEvents(
  db: DatabaseSync,
  names: readonly Name[],
  pairs: readonly Pair[],
  most: number,
  filter: string,
): StoredEvent[] {
  const latest = new LatestEvents(most);
  latest.add(newestIds(db, names, pairs, most, filter).flatMap((id) => eventOf(db, id) ?? []));
  return latest.list;
}

function newestIds(
  db: DatabaseSync,
  names: readonly Name[],
  pairs: readonly Pair[],
  most: number,
  filter: string,
): number[] {
  const idsFrom = (condition: string, ...values: SQLInputValue[]) =>
    rows<{ id: number }>(db, `SELECT id FROM main.event ${condition} ORDER BY timestamp DESC LIMIT ?`, ...values, most);
  const isFound = new Set(
    names.filter(({ text }) => matchesFilter(filter, text)).map(({ kind, id }) => `${kind} ${id}`),
  );
  const found =
    filter === ''
      ? idsFrom('INDEXED BY event_identity')
      : pairs
          .filter(({ typeId, sourceId }) => isFound.has(`type ${typeId}`) || isFound.has(`source ${sourceId}`))
          .slice(0, MOST_PAIRS)
          .flatMap(({ typeId, sourceId }) => idsFrom('WHERE type_id = ? AND source_id = ?', typeId, sourceId));
  return [...new Set(found.map(({ id }) => id))];
}

/** Undefined when its data cannot be read. */
function eventOf(db: DatabaseSync, eventId: number): StoredEvent | undefined {
  const sql = 'SELECT id, timestamp, type, source, action, data FROM readable WHERE id = ?';
  try {
    const [row] = rows<Omit<StoredEvent, 'action' | 'data'> & { action: string | null; data: string }>(
      db,
      sql,
      eventId,
    );
    if (row === undefined) return undefined;
    const { action, data, ...event } = row;
    return { ...event, ...(action !== null && { action }), data: JSON.parse(data) as StoredEvent['data'] };
  } catch {
    return undefined;
  }
}

function rows<Row>(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): Row[] {
  return db.prepare(sql).all(...values) as unknown as Row[];
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
