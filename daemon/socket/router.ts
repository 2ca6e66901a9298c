import { decode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { Frame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { ackCursor, cursors, deleteCursor } from '../../shared/messages/cursors.ts';
import { count } from '../../shared/messages/count.ts';
import { flush } from '../../shared/messages/flush.ts';
import { gaps } from '../../shared/messages/gaps.ts';
import { hello, type HelloReply, type HelloRequest } from '../../shared/messages/hello.ts';
import { markProcessed } from '../../shared/messages/mark-processed.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import { patterns } from '../../shared/messages/patterns.ts';
import { query } from '../../shared/messages/query.ts';
import { record } from '../../shared/messages/record.ts';
import { reportGaps } from '../../shared/messages/report-gaps.ts';
import { samples, storeSample } from '../../shared/messages/samples.ts';
import { stats, type StatsReply } from '../../shared/messages/stats.ts';
import { status, type StatusReply } from '../../shared/messages/status.ts';
import { storePattern } from '../../shared/messages/store-pattern.ts';
import { tail, tailStop } from '../../shared/messages/tail.ts';
import { search, type SearchRequest } from '../../shared/messages/search.ts';
import { verify } from '../../shared/messages/verify.ts';
import { MalformedMsgpack, MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { applyMarks } from '../live/mark-processed.ts';
import type { NamedCursors } from '../live/named-cursors.ts';
import type { Publisher } from '../live/publisher.ts';
import type { Reader } from '../query/reader.ts';
import type { Verifier } from '../query/verifier.ts';
import type { Connection } from './connection.ts';

export interface RouterParts {
  ingest: Ingest;
  reader: Reader;
  verifier: Verifier;
  publisher: Publisher;
  namedCursors: NamedCursors;
  databaseId: string;
  /** An encoded page. */
  search: (request: SearchRequest) => Promise<Uint8Array>;
  greet: (request: HelloRequest) => HelloReply;
  stats: () => Promise<StatsReply>;
  status: () => StatusReply;
}

/** Hands each frame to the part that answers its kind. */
export class Router {
  readonly #parts: RouterParts;
  readonly #scanner = new MsgpackScanner(limits.controlNestingDepth);
  readonly #handlers: ReadonlyMap<string, (connection: Connection, frame: Frame) => void>;
  readonly #blocked = new Set<Connection>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#handlers = new Map([
      [
        record.kind,
        (connection: Connection, frame: Frame) => parts.ingest.record(connection, frame.requestId, frame.body),
      ],
      [flush.kind, (connection, frame) => this.#flush(connection, frame)],
      [storePattern.kind, (connection, frame) => this.#storePattern(connection, frame)],
      [reportGaps.kind, (connection, frame) => this.#reportGaps(connection, frame)],
      [gaps.kind, (connection, frame) => this.#gaps(connection, frame)],
      [query.kind, (connection, frame) => this.#query(connection, frame)],
      [count.kind, (connection, frame) => this.#count(connection, frame)],
      [stats.kind, (connection, frame) => this.#stats(connection, frame)],
      [search.kind, (connection, frame) => this.#search(connection, frame)],
      [verify.kind, (connection, frame) => this.#verify(connection, frame)],
      [status.kind, (connection, frame) => this.#status(connection, frame)],
      [tail.kind, (connection, frame) => this.#tail(connection, frame)],
      [tailStop.kind, (connection, frame) => this.#tailStop(connection, frame)],
      [markProcessed.kind, (connection, frame) => this.#markProcessed(connection, frame)],
      [patterns.kind, (connection, frame) => this.#patterns(connection, frame)],
      [samples.kind, (connection, frame) => this.#samples(connection, frame)],
      [storeSample.kind, (connection, frame) => this.#storeSample(connection, frame)],
      [ackCursor.kind, (connection, frame) => this.#ackCursor(connection, frame)],
      [cursors.kind, (connection, frame) => this.#cursors(connection, frame)],
      [deleteCursor.kind, (connection, frame) => this.#deleteCursor(connection, frame)],
    ]);
  }

  /** @throws DaybookError: the refusal of this request */
  route(connection: Connection, frame: Frame): void {
    if (frame.kind === hello.kind) {
      this.#hello(connection, frame);
      return;
    }
    if (!connection.isOpen) {
      connection.refuse(new DaybookError('hello_required', 'the first frame of a connection must be hello'));
      return;
    }
    const handle = this.#handlers.get(frame.kind);
    if (handle === undefined) {
      throw new DaybookError(
        'unknown_kind',
        `this daemon does not know requests of kind ${JSON.stringify(frame.kind)}`,
      );
    }
    handle(connection, frame);
  }

  #hello(connection: Connection, frame: Frame): void {
    if (connection.isOpen) throw new DaybookError('invalid_request', 'hello was said already');
    try {
      const request = hello.parseRequest(this.#body(frame));
      const reply = this.#parts.greet(request);
      connection.acceptHello(request.client.name, request.client.pid);
      connection.reply(frame.requestId, reply);
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      connection.refuseRequest(frame.requestId, error);
      connection.end(`${error.code}: ${error.message}`);
    }
  }

  #flush(connection: Connection, frame: Frame): void {
    flush.parseRequest(this.#body(frame));
    this.#parts.ingest.flush(connection, frame.requestId);
  }

  #storePattern(connection: Connection, frame: Frame): void {
    const { eventId, patternType, confidence, patternData, embryoId } = storePattern.parseRequest(this.#body(frame));
    this.#parts.ingest.storePattern(connection, frame.requestId, {
      eventId: eventId ?? null,
      patternType,
      confidence,
      patternData,
      embryoId: embryoId ?? null,
    });
  }

  #reportGaps(connection: Connection, frame: Frame): void {
    const request = reportGaps.parseRequest(this.#body(frame));
    this.#parts.ingest.reportGaps(connection, frame.requestId, request.gaps, frame.body.length);
  }

  #gaps(connection: Connection, frame: Frame): void {
    const request = gaps.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () => {
      connection.reply(frame.requestId, await this.#parts.reader.ask({ kind: 'gaps', request }));
    });
  }

  #query(connection: Connection, frame: Frame): void {
    const request = query.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () => {
      const page = await this.#parts.reader.ask({ kind: 'page', request });
      connection.send(answerKinds.reply, frame.requestId, page);
    });
  }

  #count(connection: Connection, frame: Frame): void {
    const request = count.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () => {
      const counts = await this.#parts.reader.ask({ kind: 'count', request });
      connection.send(answerKinds.reply, frame.requestId, counts);
    });
  }

  #stats(connection: Connection, frame: Frame): void {
    stats.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () => connection.reply(frame.requestId, await this.#parts.stats()));
  }

  #search(connection: Connection, frame: Frame): void {
    const request = search.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.send(answerKinds.reply, frame.requestId, await this.#parts.search(request)),
    );
  }

  #verify(connection: Connection, frame: Frame): void {
    const request = verify.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.reply(frame.requestId, await this.#parts.verifier.check(request)),
    );
  }

  #status(connection: Connection, frame: Frame): void {
    status.parseRequest(this.#body(frame));
    connection.reply(frame.requestId, this.#parts.status());
  }

  #tail(connection: Connection, frame: Frame): void {
    const request = tail.parseRequest(this.#body(frame));
    const { publisher, namedCursors } = this.#parts;
    if (request.cursorName === undefined) publisher.start(connection, frame.requestId, request);
    else namedCursors.start(connection, frame.requestId, request, request.cursorName);
  }

  #tailStop(connection: Connection, frame: Frame): void {
    const { tail: requestId, keepCursor = false } = tailStop.parseRequest(this.#body(frame));
    this.#parts.publisher.stop(connection, requestId);
    this.#parts.namedCursors.stopped(connection, requestId, keepCursor);
    connection.reply(frame.requestId, {});
  }

  #markProcessed(connection: Connection, frame: Frame): void {
    const request = markProcessed.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.reply(frame.requestId, await applyMarks(this.#parts, connection, request)),
    );
  }

  #patterns(connection: Connection, frame: Frame): void {
    const request = patterns.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.reply(frame.requestId, await this.#parts.reader.ask({ kind: 'patterns', request })),
    );
  }

  #samples(connection: Connection, frame: Frame): void {
    const request = samples.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.reply(frame.requestId, await this.#parts.reader.ask({ kind: 'samples', request })),
    );
  }

  #storeSample(connection: Connection, frame: Frame): void {
    const sample = storeSample.parseRequest(this.#body(frame));
    this.#parts.ingest.commit(connection, frame.requestId, { kind: 'store-sample', sample }, frame.body.length);
  }

  #ackCursor(connection: Connection, frame: Frame): void {
    this.#parts.namedCursors.acknowledge(connection, frame.requestId, ackCursor.parseRequest(this.#body(frame)));
  }

  #cursors(connection: Connection, frame: Frame): void {
    cursors.parseRequest(this.#body(frame));
    this.#answerLater(connection, frame, async () =>
      connection.reply(frame.requestId, { cursors: await this.#parts.namedCursors.list() }),
    );
  }

  #deleteCursor(connection: Connection, frame: Frame): void {
    const { name } = deleteCursor.parseRequest(this.#body(frame));
    this.#parts.namedCursors.delete(connection, frame.requestId, name);
  }

  /** Runs a request that takes a while, and stops reading from a client that has too many of them. */
  #answerLater(connection: Connection, frame: Frame, run: () => Promise<void>): void {
    connection.pendingRequests += 1;
    if (connection.pendingRequests >= limits.requestsPerConnection) {
      this.#blocked.add(connection);
      connection.pause('requests');
    }
    run()
      .catch((error: unknown) => {
        const known = error instanceof DaybookError ? error : new DaybookError('internal', String(error));
        connection.refuseRequest(frame.requestId, known);
      })
      .finally(() => {
        connection.pendingRequests -= 1;
        if (this.#blocked.delete(connection)) connection.resume('requests');
      });
  }

  /** The decoded body of a request other than record. @throws DaybookError too_large, malformed, invalid_request */
  #body(frame: Frame): unknown {
    const { body } = frame;
    if (body.length > limits.controlBodyBytes) {
      throw new DaybookError(
        'too_large',
        `the request has ${body.length} bytes; at most ${limits.controlBodyBytes} are read`,
      );
    }
    try {
      this.#scanner.scan(body, 0);
    } catch (error) {
      if (error instanceof MalformedMsgpack) throw new DaybookError('malformed', error.message, { cause: error });
      throw error;
    }
    if (this.#scanner.end !== body.length) throw new DaybookError('malformed', 'bytes follow the body');
    if (this.#scanner.problem !== scanProblems.none) {
      throw new DaybookError('invalid_request', 'the request holds something other than plain, well-formed values');
    }
    const request = decode(body);
    if (entries(request) !== this.#scanner.mapEntries)
      throw new DaybookError('invalid_request', 'a field stands there twice');
    return request;
  }
}

/** Map entries at all levels: fewer than the bytes had when a key stood twice in a map. */
function entries(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce<number>((sum, item) => sum + entries(item), Array.isArray(value) ? 0 : inner.length);
}
