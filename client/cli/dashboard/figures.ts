import type { Pattern, StoredEvent } from '../../index.ts';
import type { SourceState } from '../../../shared/messages/sources.ts';
import type { DaemonPerformance } from '../../../shared/messages/status.ts';

/** Minutes that the sparkline shows, the one under way included. */
export const MINUTES = 60;

export interface TypeFigures {
  type: string;
  events: number;
  /** Between the last two looks; null when there was only one. */
  events_per_second: number | null;
}

export interface SourceFigures {
  source: string;
  events: number | null;
  /** When its last event was committed, or happened, seconds. */
  last: number | null;
  state: SourceState | null;
  cadence_seconds: number | null;
}

/** Events by the minute of their timestamp. */
export interface MinuteFigures {
  /** When the first of them begins, seconds. */
  since: number;
  /** Oldest first; null is a minute that has not been counted yet. */
  events: (number | null)[];
}

export interface DaemonFigures {
  pid: number;
  version: string;
  /** When it started, seconds. */
  started: number;
  stores: boolean;
  disk_full: boolean;
  connections: number;
  tails: number;
  /** Gaps in the history that are known. */
  gaps: number | null;
  batch_size: number;
  batch_timeout_seconds: number;
  retention_days: number;
  /** Record bytes received and not yet committed. */
  queue_bytes: number;
  /** Resident. */
  memory_bytes: number;
  /** Of one processor, since the last look; null when there was only one. */
  cpu_share: number | null;
  /** Events stored, since the last look; null when there was only one. */
  events_per_second_now: number | null;
}

export interface CaptureFigures {
  events: number;
  patterns: number;
  /** Database and write-ahead log. */
  size_bytes: number;
  oldest: number | null;
  newest: number | null;
  /** Since the daemon started; null without one. */
  stored: number | null;
  duplicate: number | null;
  rejected: number | null;
}

/** What a learner has said of itself in a sample. */
export interface Said {
  value: number;
  /** When, seconds. */
  at: number;
}

export interface LearningFigures {
  active_embryos: Said | null;
  average_fitness: Said | null;
  latest_pattern: Pattern | null;
}

/** Everything that the dashboard shows. Null is what is not known; the names are those of `stats` and `status`. */
export interface Figures {
  daemon: DaemonFigures | null;
  performance: DaemonPerformance | null;
  capture: CaptureFigures | null;
  minutes: MinuteFigures | null;
  types: TypeFigures[] | null;
  sources: SourceFigures[] | null;
  learning: LearningFigures | null;
  /** Latest timestamp first. */
  latest: StoredEvent[] | null;
}

export const nothingKnown: Figures = {
  daemon: null,
  performance: null,
  capture: null,
  minutes: null,
  types: null,
  sources: null,
  learning: null,
  latest: null,
};
