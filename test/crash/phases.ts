import Sqlite from 'better-sqlite3';
import type { DaemonOptions } from '../harness/daemon-process.ts';

/** What a daemon is busy with when it is killed. */
export interface Phase {
  name: string;
  options: Omit<DaemonOptions, 'home'>;
  /** How much later than the daemon before it this one starts, by its clock. */
  laterSeconds: number;
  /** Called again and again while the daemon is up. */
  disturb?: (databasePath: string) => void;
}

const DAY = 86_400;
const RETENTION_DAYS = 30;
const config = {
  persistence: { batch_timeout: 0.05, retention_days: RETENTION_DAYS, cleanup_interval_hours: 24 * 24 },
};

export const ingest: Phase = { name: 'ingest', options: { config }, laterSeconds: 0 };

/** The daemon folds its log back all the time, and somebody else does now and then. */
export const checkpoint: Phase = {
  name: 'checkpoint',
  options: { config, nodeArguments: ['--import', new URL('./checkpoint-often.ts', import.meta.url).href] },
  laterSeconds: 0,
  disturb: (databasePath) => {
    const db = new Sqlite(databasePath, { timeout: 0 });
    db.pragma('wal_checkpoint(RESTART)');
    db.close();
  },
};

/** The daemon begins with a cleanup, because one is due: of what arrived before the last such phase. */
export const retention: Phase = { name: 'retention', options: { config }, laterSeconds: 25 * DAY };

/** What is older than this may be gone, seconds. */
export function expiredSeconds(nowSeconds: number): number {
  return nowSeconds - RETENTION_DAYS * DAY;
}
