import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { CountRequest } from '../../shared/messages/count.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { NamedCursor } from '../../shared/messages/cursors.ts';
import type { GapsReply, GapsRequest } from '../../shared/messages/gaps.ts';
import type { PatternsReply, PatternsRequest } from '../../shared/messages/patterns.ts';
import type { QueryRequest } from '../../shared/messages/query.ts';
import type { RetentionPlan } from '../../shared/messages/retention.ts';
import type { SearchRequest } from '../../shared/messages/search.ts';
import type { SamplesReply, SamplesRequest } from '../../shared/messages/samples.ts';
import type { TailReset } from '../../shared/messages/tail.ts';
import type { DatabaseStats } from '../../shared/messages/stats.ts';
import type { KnownSources } from '../liveness/known-sources.ts';
import type { RetentionPolicy } from '../retention/retention-policy.ts';
import type { MatchingIds } from './matching-ids.ts';

/** Questions the reader thread answers. */
export type ReaderQuestion =
  | { kind: 'page'; request: QueryRequest }
  | { kind: 'count'; request: CountRequest }
  /** `useIndex`: it was held against the database. */
  | { kind: 'search'; request: SearchRequest; useIndex: boolean }
  | { kind: 'arrivals'; afterId: number; filter: EventFilter; maxRows: number }
  | { kind: 'gaps'; request: GapsRequest }
  | { kind: 'patterns'; request: PatternsRequest }
  | { kind: 'samples'; request: SamplesRequest }
  | { kind: 'retention-plan'; policy: RetentionPolicy; clockSeconds: number }
  | { kind: 'cursors' }
  | { kind: 'sources' }
  | { kind: 'matching-ids'; afterId: number; upToId: number; filter: EventFilter }
  | { kind: 'database-stats'; nowSeconds: number };

export type ToReader = { kind: 'ask'; key: number; question: ReaderQuestion } | { kind: 'close' };

/** A page of a tail, its events msgpack-encoded already. */
export interface EncodedArrivals {
  /** msgpack array of stored events. */
  events: Uint8Array<ArrayBuffer>;
  count: number;
  damaged: number[];
  scannedToId: number;
  newestId: number;
  lost: TailReset[];
}

/** Answers by question kind. Event pages leave the thread encoded, so that the main thread only passes bytes on. */
export interface ReaderAnswers {
  page: Uint8Array<ArrayBuffer>;
  count: Uint8Array<ArrayBuffer>;
  /** `isIndexDamaged`: the index holds what cannot have been written; the page was read without it. */
  search: { page: Uint8Array<ArrayBuffer>; isIndexDamaged: boolean };
  arrivals: EncodedArrivals;
  gaps: GapsReply;
  patterns: PatternsReply;
  samples: SamplesReply;
  cursors: Omit<NamedCursor, 'inUse'>[];
  sources: KnownSources;
  'retention-plan': RetentionPlan;
  'matching-ids': MatchingIds;
  'database-stats': DatabaseStats;
}

export type FromReader =
  | { key: number; answer: ReaderAnswers[keyof ReaderAnswers] }
  /** `isDamaged`: what was read cannot have been written. */
  | { key: number; error: ErrorBody; isDamaged: boolean };
