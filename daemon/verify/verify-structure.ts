import type { Database } from 'better-sqlite3';
import { storageFailure } from '../storage/storage-failure.ts';

/** Problems that are told. */
const MAX_LINES = 20;

/** What must be as many as there are events. An index counts for itself: `count(*)` would take the smallest of them. */
const counts = {
  'entries in event_identity': 'SELECT count(timestamp) FROM event INDEXED BY event_identity',
  'entries in event_by_name': 'SELECT count(timestamp) FROM event INDEXED BY event_by_name',
  'events by hour': 'SELECT coalesce(sum(recorded - removed), 0) FROM rollup',
  'events by type': "SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'type'",
  'events by source': "SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'source'",
} as const;

/** Looks through the whole file: whether its pages are what they must be, and all counts of events agree. */
export function checkStructure(db: Database): 'ok' | string[] {
  // One read transaction: the counts belong together.
  db.exec('BEGIN');
  try {
    const lines = [...quickCheck(db), ...disagreements(db)];
    return lines.length === 0 ? 'ok' : lines.slice(0, MAX_LINES);
  } finally {
    db.exec('ROLLBACK');
  }
}

function quickCheck(db: Database): string[] {
  const lines: string[] = [];
  const failure = attempt('the file', () => {
    // What it found before it could not go on is told as well.
    for (const text of db.prepare<[], string>(`PRAGMA quick_check(${MAX_LINES})`).pluck().iterate()) {
      lines.push(...text.split('\n').filter((line) => line !== 'ok' && line !== ''));
    }
    return [];
  });
  return [...lines, ...failure];
}

function disagreements(db: Database): string[] {
  const count = (sql: string) => Number(db.prepare(sql).pluck().get());
  return attempt('the table of events', () => {
    const rows = count('SELECT count(*) FROM event NOT INDEXED');
    return [
      ...Object.entries(counts).flatMap(([what, sql]) =>
        attempt(what, () => {
          const found = count(sql);
          return found === rows ? [] : [`there are ${rows} events, and ${found} ${what}`];
        }),
      ),
      ...attempt('events by action', () => {
        const actions = count('SELECT count(action_id) FROM event');
        const found = count("SELECT coalesce(sum(events), 0) FROM name WHERE kind = 'action'");
        return found === actions ? [] : [`there are ${actions} events with an action, and ${found} events by action`];
      }),
    ];
  });
}

/** What is too damaged to be looked at is a problem as well. */
function attempt(what: string, look: () => string[]): string[] {
  try {
    return look();
  } catch (error) {
    if (storageFailure(error) !== 'damaged') throw error;
    return [`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}
