import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { GapsReply, GapsRequest } from '../../shared/messages/gaps.ts';
import type { QueryRequest } from '../../shared/messages/query.ts';
import type { TailReset } from '../../shared/messages/tail.ts';
import type { DatabaseStats } from '../../shared/messages/stats.ts';

/** Questions the reader thread answers. */
export type ReaderQuestion =
  | { kind: 'page'; request: QueryRequest }
  | { kind: 'arrivals'; afterId: number; filter: EventFilter; maxRows: number }
  | { kind: 'gaps'; request: GapsRequest }
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
  arrivals: EncodedArrivals;
  gaps: GapsReply;
  'database-stats': DatabaseStats;
}

export type FromReader =
  | { key: number; answer: ReaderAnswers[keyof ReaderAnswers] }
  /** `isDamaged`: what was read cannot have been written. */
  | { key: number; error: ErrorBody; isDamaged: boolean };
