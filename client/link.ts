import type { ByteStream, Transport } from '../shared/byte-stream.ts';
import { decode, encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import { encodeFrame, encodeFrameInPieces, type Frame, FrameDecoder } from '../shared/frame.ts';
import { limits } from '../shared/limits.ts';
import { errorFromBody } from '../shared/messages/error-body.ts';
import { hello, type HelloReply } from '../shared/messages/hello.ts';
import { answerKinds } from '../shared/messages/message-kind.ts';
import { protocolVersions } from '../shared/protocol-version.ts';
import { Backoff } from './backoff.ts';
import { type FrameLimits, frameLimitsOf } from './batch.ts';

export interface LinkOptions {
  socketPath: string;
  clientName: string;
  transport: Transport;
  /** Whether to try again after the connection failed or ended. */
  reconnect: boolean;
  /** The daemon has greeted. */
  onOpen: () => void;
  /** There is no connection: it was lost or could not be made, or will not be made again. */
  onDown: (error: DaybookError) => void;
  /** The socket has taken everything: more can be sent. */
  onDrain: () => void;
}

/** A request until it is answered. */
export interface PendingRequest {
  kind: string;
  /** msgpack bytes, in one piece or two, or what makes them each time the request is sent. */
  body: Uint8Array | readonly [Uint8Array, Uint8Array] | (() => Uint8Array);
  /** Safe to send again when the connection was lost before the answer. */
  isRepeatable: boolean;
  onReply: (body: unknown) => void;
  onError: (error: DaybookError) => void;
  /** Answers that come besides the reply (tails). */
  onPush?: (kind: string, body: unknown) => void;
  /** The request goes on after its reply, until `forget`. */
  isOpenEnded?: boolean;
}

/** The link tries again by itself; when one of these reaches a request, it has given up. */
export const LINK_FAILURES: ReadonlySet<string> = new Set([
  'closed',
  'not_reachable',
  'connection_lost',
  'bad_version',
]);

/** After a daemon said that it has too many connections, at least and at most so long. */
const CROWDED_MIN_MS = 30_000;
const CROWDED_MAX_MS = 60_000;

/**
 * The client's side of the connection: says hello, sends requests, hands answers out, and comes back after a loss.
 *
 * States: idle (nothing to do, not connected), connecting, greeting, open, pausing (before the next try), closed. Every
 * request stays in `#pending` until it is answered; whatever is there when a connection opens is sent, in order.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #backoff = new Backoff();
  #state: 'idle' | 'connecting' | 'greeting' | 'open' | 'pausing' | 'closed' = 'idle';
  #stream: ByteStream | undefined;
  #pause: NodeJS.Timeout | undefined;
  #nextId = 1;
  #greeting = Promise.withResolvers<HelloReply>();
  /** Somebody waits for the greeting. */
  #isAwaited = false;
  /** Why the daemon ends this connection, when it has said so. */
  #refusal: DaybookError | undefined;
  /** Why there will be no connection for a while. */
  #barrier: DaybookError | undefined;
  #daemon: HelloReply | undefined;
  #frameLimits = frameLimitsOf(limits);
  /** Besides requests, somebody has something to say, and the process must not end before that. */
  #demand = { isWanted: false, isHeld: false };
  /** What a stream was told last about keeping the process alive. */
  #holding: { stream: ByteStream | undefined; hasWork: boolean } = { stream: undefined, hasWork: true };

  constructor(options: LinkOptions) {
    this.#options = options;
    // Only who asks for it is told.
    this.#greeting.promise.catch(() => undefined);
    this.#connect();
  }

  /**
   * What the daemon said when the connection opened. Rejects when that cannot be any more.
   * @throws DaybookError not_reachable, bad_version, too_many_connections, closed
   */
  get greeting(): Promise<HelloReply> {
    if (this.#state !== 'open' && this.#state !== 'closed' && this.#barrier === undefined) {
      this.#isAwaited = true;
      if (this.#state === 'idle') this.#connect();
      this.#holdProcess();
    }
    return this.#greeting.promise;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What frames may carry, as the daemon said last. */
  get frameLimits(): FrameLimits {
    return this.#frameLimits;
  }

  /** Whether the daemon that greeted last has a capability. */
  can(capability: string): boolean {
    return this.#daemon?.capabilities.includes(capability) === true;
  }

  /**
   * Says whether a connection is wanted though there are no requests yet, and whether that keeps the process alive.
   */
  demand(isWanted: boolean, isHeld: boolean): void {
    const { isWanted: wasWanted, isHeld: wasHeld } = this.#demand;
    if (isWanted === wasWanted && isHeld === wasHeld) return;
    this.#demand = { isWanted, isHeld };
    if (isWanted && this.#state === 'idle') this.#connect();
    this.#holdProcess();
  }

  /** Bytes written that the kernel has not taken. Without a connection requests wait here, and call for one. */
  get unsentBytes(): number {
    return this.#state === 'open' ? (this.#stream?.unsentBytes ?? 0) : 0;
  }

  /** Sends a request, now or when there is a connection. Returns its id. */
  request(request: PendingRequest): number {
    if (this.#state === 'closed') throw new DaybookError('closed', 'the client is closed');
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    const barrier = this.#barrier;
    if (barrier !== undefined && request.isOpenEnded !== true) {
      queueMicrotask(() => request.onError(barrier));
      return id;
    }
    this.#pending.set(id, request);
    if (this.#state === 'open') this.#send(id, request);
    else if (this.#state === 'idle') this.#connect();
    this.#holdProcess();
    return id;
  }

  /** Expects no more answers to an open-ended request. */
  forget(id: number): void {
    this.#pending.delete(id);
    this.#holdProcess();
  }

  /** Ends the connection; what is pending is refused as `closed`. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#pause);
    this.#stream?.end();
    // A daemon that hangs would never end its side.
    this.#stream?.keepsProcessAlive(false);
    const error = new DaybookError('closed', 'the client is closed');
    this.#greeting.reject(error);
    this.#failPending(() => true, error);
  }

  #connect(): void {
    this.#state = 'connecting';
    const { transport, socketPath } = this.#options;
    const decoder = new FrameDecoder(limits.frameBytes);
    transport(socketPath, (stream) => ({
      onData: (chunk) => this.#receive(stream, decoder, chunk),
      onDrain: () => this.#options.onDrain(),
      onClose: (error) => {
        // A transport that gives its own reason has given up, and so does the link.
        if (error instanceof DaybookError) this.#end(error);
        else this.#lost(new DaybookError('connection_lost', 'the daemon closed the connection', { cause: error }));
      },
    })).then(
      (stream) => this.#greet(stream),
      (error: NodeJS.ErrnoException) => {
        const reason = error.code ?? error.message;
        this.#lost(
          new DaybookError('not_reachable', `no daemon answers at ${socketPath} (${reason})`, { cause: error }),
        );
      },
    );
  }

  #greet(stream: ByteStream): void {
    if (this.#state === 'closed') {
      stream.destroy();
      return;
    }
    this.#state = 'greeting';
    this.#stream = stream;
    const { clientName } = this.#options;
    const body = { protocol: protocolVersions, client: { name: clientName, pid: process.pid }, capabilities: [] };
    stream.write(encodeFrame(hello.kind, 0, encode(body)));
  }

  #receive(stream: ByteStream, decoder: FrameDecoder, chunk: Buffer): void {
    try {
      for (const frame of decoder.push(chunk)) {
        if (stream !== this.#stream) return;
        if (this.#state === 'greeting') this.#opened(frame);
        else this.#answered(frame);
      }
    } catch (error) {
      // A daemon that sends what cannot be read is as good as gone; its answers come again on the next connection.
      stream.destroy();
      if (!(error instanceof Error)) throw error;
    }
  }

  #opened(frame: Frame): void {
    const body = decode(frame.body);
    if (frame.kind !== answerKinds.reply) {
      this.#refused(errorFromBody(body));
      return;
    }
    const greeting = hello.parseReply(body);
    this.#state = 'open';
    this.#isAwaited = false;
    this.#daemon = greeting;
    this.#frameLimits = frameLimitsOf(greeting.limits);
    this.#greeting.resolve(greeting);
    for (const [id, request] of this.#pending) this.#send(id, request);
    this.#holdProcess();
    this.#options.onOpen();
  }

  #answered(frame: Frame): void {
    const body = decode(frame.body);
    const request = this.#pending.get(frame.requestId);
    if (request === undefined) {
      // Request 0 is the connection itself.
      if (frame.requestId === 0 && frame.kind === answerKinds.error) this.#refused(errorFromBody(body));
      return;
    }
    if (frame.kind === answerKinds.reply) {
      // A reply that cannot be read throws, and the request stays pending for the next connection.
      request.onReply(body);
      this.#backoff.reset();
      if (request.isOpenEnded !== true) this.#settle(frame.requestId);
    } else if (frame.kind === answerKinds.error) {
      this.#settle(frame.requestId);
      request.onError(errorFromBody(body));
    } else request.onPush?.(frame.kind, body);
  }

  #settle(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#holdProcess();
  }

  #send(id: number, request: PendingRequest): void {
    const body = typeof request.body === 'function' ? request.body() : request.body;
    if (body instanceof Uint8Array) this.#stream?.write(encodeFrame(request.kind, id, body));
    else for (const part of encodeFrameInPieces(request.kind, id, body)) this.#stream?.write(part);
  }

  /** The daemon does not want this connection: a later one may fare better, or none will. */
  #refused(error: DaybookError): void {
    if (error.retryable) {
      this.#refusal = error;
      this.#stream?.destroy();
      return;
    }
    this.#stream?.end();
    this.#end(error);
  }

  /** There will be no other connection. */
  #end(error: DaybookError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#greeting.reject(error);
    this.#failPending(() => true, error);
    this.#options.onDown(error);
  }

  #lost(cause: DaybookError): void {
    if (this.#state === 'closed') return;
    const error = this.#refusal ?? cause;
    this.#refusal = undefined;
    const wasOpen = this.#state === 'open';
    this.#stream = undefined;
    if (!this.#options.reconnect) {
      this.#end(error);
      return;
    }
    this.#state = 'pausing';
    if (wasOpen) this.#expectGreeting();
    const outcomeUnknown = new DaybookError('connection_lost', 'the connection ended before the reply', {
      cause: error,
    });
    this.#failPending((request) => wasOpen && !request.isRepeatable, outcomeUnknown);
    this.#pause = setTimeout(() => this.#resume(), this.#pauseMs(error));
    this.#holdProcess();
    this.#options.onDown(error);
  }

  /**
   * How long to stay away. A daemon that has too many connections is not asked again soon; who waits for an answer is
   * told at once, but for tails, which go on whenever they can.
   */
  #pauseMs(error: DaybookError): number {
    if (error.code !== 'too_many_connections') return this.#backoff.next();
    this.#barrier = error;
    this.#isAwaited = false;
    this.#greeting.reject(error);
    this.#failPending((request) => request.isOpenEnded !== true, error);
    return CROWDED_MIN_MS + Math.random() * (CROWDED_MAX_MS - CROWDED_MIN_MS);
  }

  #resume(): void {
    if (this.#barrier !== undefined) this.#expectGreeting();
    this.#barrier = undefined;
    // With nothing to say there is no reason to knock.
    if (this.#pending.size === 0 && !this.#isAwaited && !this.#demand.isWanted) this.#state = 'idle';
    else this.#connect();
  }

  #expectGreeting(): void {
    this.#greeting = Promise.withResolvers();
    // Only who asks for it is told.
    this.#greeting.promise.catch(() => undefined);
  }

  #failPending(which: (request: PendingRequest) => boolean, error: DaybookError): void {
    for (const [id, request] of this.#pending) {
      if (!which(request)) continue;
      this.#pending.delete(id);
      request.onError(error);
    }
  }

  /** Only unanswered requests keep the process alive, and events that are in memory only. */
  #holdProcess(): void {
    const hasWork = this.#pending.size > 0 || this.#isAwaited || this.#demand.isHeld;
    if (this.#holding.stream !== this.#stream || this.#holding.hasWork !== hasWork) {
      this.#stream?.keepsProcessAlive(hasWork);
      this.#holding = { stream: this.#stream, hasWork };
    }
    if (hasWork) this.#pause?.ref();
    else this.#pause?.unref();
  }
}
