import { anyFieldsOf, fieldsOf, finiteNumber, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** The settings of `config.json` that are in force, under their names there. */
export interface DaemonSettings {
  database_path: string;
  batch_size: number;
  /** Seconds. */
  batch_timeout: number;
  retention_days: number;
  cleanup_interval_hours: number;
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
  /** Resident memory of the whole process, bytes. */
  memory_bytes: number;
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
