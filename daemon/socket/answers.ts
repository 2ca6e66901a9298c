/** Which part of the daemon answers which kind of request. */
import type { Frame } from '../../shared/frame.ts';
import { canary } from '../../shared/messages/canary.ts';
import { count } from '../../shared/messages/count.ts';
import { ackCursor, cursors, deleteCursor } from '../../shared/messages/cursors.ts';
import { declareSource } from '../../shared/messages/declare-source.ts';
import { flush } from '../../shared/messages/flush.ts';
import { forget, forgetTraces } from '../../shared/messages/forget.ts';
import { gaps } from '../../shared/messages/gaps.ts';
import { markProcessed } from '../../shared/messages/mark-processed.ts';
import type { MessageKind } from '../../shared/messages/message-kind.ts';
import { patterns } from '../../shared/messages/patterns.ts';
import { query } from '../../shared/messages/query.ts';
import { reportGaps } from '../../shared/messages/report-gaps.ts';
import { retentionPlan, retentionRun } from '../../shared/messages/retention.ts';
import { samples, storeSample } from '../../shared/messages/samples.ts';
import { search, type SearchRequest } from '../../shared/messages/search.ts';
import { sources } from '../../shared/messages/sources.ts';
import { stats, type StatsReply } from '../../shared/messages/stats.ts';
import { status, type StatusReply } from '../../shared/messages/status.ts';
import { storePattern } from '../../shared/messages/store-pattern.ts';
import { tail, tailStop } from '../../shared/messages/tail.ts';
import { vacuum } from '../../shared/messages/vacuum.ts';
import { verify } from '../../shared/messages/verify.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Canary } from '../liveness/canary.ts';
import type { Sources } from '../liveness/sources.ts';
import { applyMarks } from '../live/mark-processed.ts';
import type { NamedCursors } from '../live/named-cursors.ts';
import type { Publisher } from '../live/publisher.ts';
import type { Forgetting } from '../forgetting/forgetting.ts';
import type { Housekeeper } from '../maintenance/housekeeper.ts';
import type { Reader } from '../query/reader.ts';
import type { Verifier } from '../verify/verifier.ts';
import type { Connection } from './connection.ts';

export interface AnsweringParts {
  ingest: Ingest;
  reader: Reader;
  verifier: Verifier;
  publisher: Publisher;
  namedCursors: NamedCursors;
  housekeeper: Housekeeper;
  sources: Sources;
  canary: Canary;
  forgetting: Pick<Forgetting, 'forget' | 'clearTraces'>;
  databaseId: string;
  /** An encoded page. */
  search: (request: SearchRequest) => Promise<Uint8Array>;
  stats: () => Promise<StatsReply>;
  status: () => StatusReply;
}

/** The body of a reply, as a value or encoded; nothing when the part that was asked sends it by itself. */
type Reply = object | Uint8Array | undefined;

/** @param body decoded @throws DaybookError: the refusal of this request */
export type Answer = (body: unknown, connection: Connection, frame: Frame) => Reply | Promise<Reply>;

function answer<Request>(
  message: MessageKind<Request, unknown>,
  give: (request: Request, connection: Connection, frame: Frame) => Reply | Promise<Reply>,
): [kind: string, Answer] {
  return [message.kind, (body, connection, frame) => give(message.parseRequest(body), connection, frame)];
}

/** The part sends its answer by itself. */
function passOn<Request>(
  message: MessageKind<Request, unknown>,
  take: (request: Request, connection: Connection, frame: Frame) => void,
): [kind: string, Answer] {
  return answer(message, (request, connection, frame) => {
    take(request, connection, frame);
    return undefined;
  });
}

/** All kinds but `hello` and `record`. */
export function answers(parts: AnsweringParts): ReadonlyMap<string, Answer> {
  const { ingest, reader, publisher, namedCursors, housekeeper, forgetting } = parts;
  return new Map([
    passOn(flush, (_request, connection, { requestId }) => ingest.flush(connection, requestId)),
    passOn(storePattern, ({ eventId = null, embryoId = null, ...rest }, connection, { requestId }) =>
      ingest.storePattern(connection, requestId, { eventId, embryoId, ...rest }),
    ),
    passOn(reportGaps, (request, connection, { requestId, body }) =>
      ingest.reportGaps(connection, requestId, request.gaps, body.length),
    ),
    passOn(storeSample, (sample, connection, { requestId, body }) =>
      ingest.commit(connection, requestId, { kind: 'store-sample', sample }, body.length),
    ),

    answer(query, (request) => reader.ask({ kind: 'page', request })),
    answer(count, (request) => reader.ask({ kind: 'count', request })),
    answer(search, parts.search),
    answer(gaps, (request) => reader.ask({ kind: 'gaps', request })),
    answer(patterns, (request) => reader.ask({ kind: 'patterns', request })),
    answer(samples, (request) => reader.ask({ kind: 'samples', request })),
    answer(verify, (request) => parts.verifier.check(request)),
    answer(stats, parts.stats),
    answer(status, parts.status),
    answer(sources, () => parts.sources.list()),

    passOn(tail, (request, connection, { requestId }) => {
      if (request.cursorName === undefined) publisher.start(connection, requestId, request);
      else namedCursors.start(connection, requestId, request, request.cursorName);
    }),
    answer(tailStop, ({ tail: requestId, keepCursor = false }, connection) => {
      publisher.stop(connection, requestId);
      namedCursors.stopped(connection, requestId, keepCursor);
      return {};
    }),
    passOn(ackCursor, (request, connection, { requestId }) => namedCursors.acknowledge(connection, requestId, request)),
    answer(cursors, async () => ({ cursors: await namedCursors.list() })),
    passOn(deleteCursor, ({ name }, connection, { requestId }) => namedCursors.delete(connection, requestId, name)),
    answer(markProcessed, (request, connection) => applyMarks(parts, connection, request)),

    answer(declareSource, async (request, connection) => {
      await parts.sources.declare(connection, request);
      return {};
    }),
    answer(canary, () => parts.canary.fly()),
    answer(retentionPlan, (request) => housekeeper.plan(request)),
    answer(retentionRun, () => housekeeper.run()),
    answer(vacuum, (request) => housekeeper.vacuum(request)),
    answer(forget, (request) => forgetting.forget(request)),
    answer(forgetTraces, (request) => forgetting.clearTraces(request)),
  ]);
}
