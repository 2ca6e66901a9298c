/** What is said between a command, or the daemon, and the process that makes or brings back a backup. */
import type { ErrorBody } from './error-body.ts';

export interface BackupOrder {
  databasePath: string;
  /** Absolute. Without one, a name of its own in `directory`. */
  file: string | undefined;
  /** Absolute; made when it is missing and no file is named. */
  directory: string;
  /** Take the place of a file that is there. */
  isReplacing: boolean;
  /** Backups of this database in `directory` that are left, the newest; all when undefined. */
  kept: number | undefined;
}

export interface BackupReport {
  /** Absolute. */
  file: string;
  bytes: number;
  events: number;
  /** The highest id given before it. */
  last_id: number;
  duration_ms: number;
}

export interface RestoreOrder {
  databasePath: string;
  /** Of the instance whose daemon must not run. */
  dataDirectory: string;
  /** Absolute. */
  file: string;
  /** A database that is there may be set aside without asking. */
  isAgreed: boolean;
}

export interface RestoreReport {
  file: string;
  database: string;
  database_id: string;
  /** Where the database is that was here; null when there was none. */
  set_aside: string | null;
  events: number;
  /** The highest id in the backup's history, and the one behind which ids go on. */
  last_id: number;
  ids_after: number;
  duration_ms: number;
}

/** A database that a restore would set aside. */
export interface Existing {
  database: string;
  /** The highest id it has given; null when it cannot be read. */
  last_id: number | null;
  /** Where it goes. */
  set_aside: string;
}

/** How far it is: bytes copied, or events checked. */
export interface BackupProgress {
  step: 'copying' | 'checking';
  done: number;
  total: number;
}

export type FromBackup<Report> =
  | ({ kind: 'progress' } & BackupProgress)
  /** Waits for a `ToRestore`. */
  | ({ kind: 'confirm' } & Existing)
  | { kind: 'done'; report: Report }
  | { kind: 'failed'; error: ErrorBody };

export interface ToRestore {
  isAgreed: boolean;
}
