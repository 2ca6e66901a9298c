import { anyFieldsOf, fieldsOf, finiteNumber, text, wholeNumber } from './fields.ts';
import type { SettingOrigin } from '../settings.ts';
import type { RetentionRule } from '../retention-rule.ts';
import type { MessageKind } from './message-kind.ts';

/** The settings of `config.json` that are in force, under their names there; further ones besides these. */
export interface DaemonSettings {
  database_path: string;
  batch_size: number;
  /** Seconds. */
  batch_timeout: number;
  retention_days: number;
  cleanup_interval_hours: number;
  /** These two are absent from a daemon that does not know them. */
  retention_size_mb?: number;
  retention_rules?: readonly RetentionRule[];
  /** So are these, about backups and looks through all events. */
  backup_interval_hours?: number;
  backup_directory?: string;
  backups_kept?: number;
  verify_interval_days?: number;
}

/** Whether events can be stored: `disk_full` passes by itself when there is room again. */
export type StorageState = 'ok' | 'disk_full';

/** How the daemon itself is. */
export interface StatusReply {
  state: 'running' | 'stopping';
  pid: number;
  version: string;
  node_version: string;
  socket: string;
  database: string;
  database_id: string;
  log: string;
  config: string;
  uptime_seconds: number;
  /** False when `enable_persistence` is false. */
  persistence: boolean;
  connections: number;
  tails: number;
  /** Record bytes received and not yet committed. */
  queue_bytes: number;
  /** Highest id stored so far. */
  last_id: number;
  /** Absent from a daemon that does not know. */
  storage?: StorageState;
  /** Gaps in the history that are known; absent from a daemon that does not know. */
  gaps?: number;
  settings: DaemonSettings;
  /** Where each setting comes from, by its whole key; absent from a daemon that does not say. */
  setting_origins?: { [key: string]: SettingOrigin };
  /** Resident memory of the whole process, bytes. */
  memory_bytes: number;
  /** Absent from a daemon that does not know, or stores nothing. */
  backup?: BackupStatus;
  integrity?: IntegrityStatus;
  /** Absent from a daemon that does not measure. */
  performance?: DaemonPerformance;
}

/** Times are seconds since 1970. */
export interface BackupStatus {
  /** When the last good one was made, and where it is; null when none is known. */
  at: number | null;
  file: string | null;
  /** Events in it. */
  events: number | null;
  /** When a scheduled one failed since, and why. */
  failed_at: number | null;
  reason: string | null;
  /** When the next one is due; null when none is made by itself. */
  next: number | null;
}

/** Looks through all events, by hand or by the daemon itself. Times are seconds since 1970. */
export interface IntegrityStatus {
  /** When the last one ended, and what it found; null when there was none. */
  at: number | null;
  sound: boolean | null;
  checked: number | null;
  /** Ids of events that are not what was stored, the first of them. */
  damaged: number[];
  /** Of one that has begun: how many events it has looked at. */
  under_way: number | null;
  next: number | null;
}

/** What the daemon has measured of itself. Null is what it does not know. */
export interface DaemonPerformance {
  /** Events stored, mean of the last 60 seconds. */
  events_per_second: number;
  /**
   * From taking up a record request that waits for its commit to sending its receipt, milliseconds: half of the receipts,
   * and all but one in a hundred, were faster. Of those of the last 60 seconds, the last 1,024 at most.
   */
  receipt_p50_ms: number | null;
  receipt_p99_ms: number | null;
  /** How many the two are of. */
  receipts: number;
  /** Events in one commit, mean of the last 60 seconds. */
  batch_events: number | null;
  /** Events received and not yet answered. */
  queue_events: number;
  /** Write-ahead log, database file, and the full-text index with its log: bytes. */
  wal_bytes: number | null;
  database_bytes: number | null;
  index_bytes: number | null;
  /** Of all threads, since the daemon started. */
  cpu_seconds: number;
  /** Memory that no other process shares; only where the system tells (Linux). */
  private_memory_bytes: number | null;
  /** When log pages were last moved into the database by this daemon, seconds. */
  last_checkpoint: number | null;
  /** When the last cleanup ended, and when the next one begins, seconds. */
  last_cleanup: number | null;
  cleanup_running: boolean;
  next_cleanup: number | null;
}

export const status: MessageKind<Record<string, never>, StatusReply> = {
  kind: 'status',
  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },
  parseReply(body) {
    const fields = anyFieldsOf(body);
    text(fields, 'state');
    wholeNumber(fields, 'pid', 0, 2 ** 32);
    finiteNumber(fields, 'uptime_seconds');
    anyFieldsOf(fields['settings'], 'settings');
    return fields as unknown as StatusReply;
  },
};
