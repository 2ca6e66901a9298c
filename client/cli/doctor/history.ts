import { statSync } from 'node:fs';
import { openDatabase } from '../sql/open-database.ts';

/** What the database itself says, whether a daemon runs or not. Seconds. */
export interface History {
  /** By the clock of the daemon, when it stored its newest event. */
  readonly newestArrived?: number;
  /** The latest time that an event claims. */
  readonly newestTimestamp?: number;
  readonly problem?: string;
}

/** Reads without leaving a trace; empty when there is no database yet. */
export function readHistory(path: string): History {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return {};
  try {
    const { db } = openDatabase(path);
    try {
      const first = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0];
      const arrived = first('SELECT arrived FROM event ORDER BY id DESC LIMIT 1');
      const timestamp = first('SELECT timestamp FROM event ORDER BY timestamp DESC LIMIT 1');
      return {
        ...(typeof arrived === 'number' && { newestArrived: arrived }),
        ...(typeof timestamp === 'number' && { newestTimestamp: timestamp }),
      };
    } finally {
      db.close();
    }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
