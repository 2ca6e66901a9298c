import { anyFieldsOf, fieldsOf, finiteNumber, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** Counters and database figures. The names are those of the system Daybook follows. */
export interface StatsReply {
  /** Events stored since this daemon started. */
  total_stored: number;
  /** Events that were duplicates, and events refused, since this daemon started. */
  total_duplicate: number;
  total_rejected: number;
  /** Events received and not yet committed. */
  queue_size: number;
  /** Events after which a commit starts though nobody waits. */
  batch_size: number;
  retention_days: number;
  /** Mean over the last 60 seconds. */
  events_per_second: number;
  database_stats: DatabaseStats;
}

export interface DatabaseStats {
  /** Events in the database now. */
  total_events: number;
  /** Highest id given so far, in the same moment. */
  last_id: number;
  total_patterns: number;
  /** Events that retention has removed since the database was made, and when it last did; absent from older daemons. */
  retention_removed?: number;
  /** Seconds; null when it never did. */
  retention_removed_at?: number | null;
  /** Events that were forgotten on request since there is the database, and when that was last, seconds. */
  forgotten?: number;
  forgotten_at?: number | null;
  /** Database file and write-ahead log, MiB. */
  database_size_mb: number;
  /** Full-text index with its log, bytes; absent from a daemon that does not know. */
  index_bytes?: number;
  /** Events whose timestamp lies in the last 60 minutes. */
  recent_events_1h: number;
  /** Mean over the last 24 hours by timestamp, the hour under way included as the part of it that has passed. */
  events_per_hour: number;
  by_type: { [type: string]: number };
  by_source: { [source: string]: number };
  /** Timestamps of the earliest and latest event, seconds; null when there are none. */
  oldest_timestamp: number | null;
  newest_timestamp: number | null;
}

export const stats: MessageKind<Record<string, never>, StatsReply> = {
  kind: 'stats',
  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },
  parseReply(body) {
    const fields = anyFieldsOf(body);
    for (const name of ['total_stored', 'queue_size', 'batch_size']) {
      wholeNumber(fields, name, 0, Number.MAX_SAFE_INTEGER);
    }
    finiteNumber(fields, 'events_per_second');
    anyFieldsOf(fields['database_stats'], 'database_stats');
    return fields as unknown as StatsReply;
  },
};
