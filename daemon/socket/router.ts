import { decode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { Frame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { hello, type HelloReply, type HelloRequest } from '../../shared/messages/hello.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import { record } from '../../shared/messages/record.ts';
import { MalformedMsgpack, MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';
import { type Answer, type AnsweringParts, answers } from './answers.ts';
import type { Connection } from './connection.ts';

export interface RouterParts extends AnsweringParts {
  greet: (request: HelloRequest) => HelloReply;
}

/** Hands each frame to the part that answers its kind, and sends the answer. */
export class Router {
  readonly #parts: RouterParts;
  readonly #scanner = new MsgpackScanner(limits.controlNestingDepth);
  readonly #answers: ReadonlyMap<string, Answer>;
  readonly #blocked = new Set<Connection>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#answers = answers(parts);
  }

  /** @throws DaybookError: the refusal of this request */
  route(connection: Connection, frame: Frame): void {
    if (frame.kind === hello.kind) this.#hello(connection, frame);
    else if (!connection.isOpen) {
      connection.refuse(new DaybookError('hello_required', 'the first frame of a connection must be hello'));
    } else if (frame.kind === record.kind) this.#parts.ingest.record(connection, frame.requestId, frame.body);
    else this.#answer(connection, frame);
  }

  #answer(connection: Connection, frame: Frame): void {
    const answer = this.#answers.get(frame.kind);
    if (answer === undefined) {
      throw new DaybookError(
        'unknown_kind',
        `this daemon does not know requests of kind ${JSON.stringify(frame.kind)}`,
      );
    }
    const reply = answer(this.#body(frame), connection, frame);
    if (reply instanceof Promise) this.#replyLater(connection, frame, reply);
    else if (reply !== undefined) connection.reply(frame.requestId, reply);
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

  /** Waits for a reply, and stops reading from a client that has too many of them under way. */
  #replyLater(connection: Connection, { requestId }: Frame, coming: Promise<object | Uint8Array | undefined>): void {
    connection.pendingRequests += 1;
    if (connection.pendingRequests >= limits.requestsPerConnection) {
      this.#blocked.add(connection);
      connection.pause('requests');
    }
    coming
      .then((reply) => {
        if (reply instanceof Uint8Array) connection.send(answerKinds.reply, requestId, reply);
        else if (reply !== undefined) connection.reply(requestId, reply);
      })
      .catch((error: unknown) => {
        const known = error instanceof DaybookError ? error : new DaybookError('internal', String(error));
        connection.refuseRequest(requestId, known);
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
