import type { ByteStream, StreamHandlers } from '../../shared/byte-stream.ts';
import { encode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import { BadFrame, encodeFrame, type Frame, FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import { answerKinds } from '../../shared/messages/message-kind.ts';
import { releaseMemory } from '../release-memory.ts';

/**
 * Why no more is read from a client: the ingest queue is full, too many of its requests are under way, it is the turn of
 * others, or the daemon is stopping.
 */
export type PauseReason = 'ingest' | 'requests' | 'turn' | 'stopping';

/** How long a connection's frames may keep all others waiting. */
const TURN_MS = 0.5;
/** A timer this late says more about us than about the client. */
const LATE_MS = 1_000;

export interface ConnectionOwner {
  /** A complete frame. Throwing a DaybookError answers it with an error. */
  onFrame(connection: Connection, frame: Frame): void;
  onDrain(connection: Connection): void;
  /** How many bytes of a frame are there that is not complete; 0 when there is none any more. */
  onPartialFrame(connection: Connection, bytes: number): void;
  /** The connection has ended; nothing can be sent any more. */
  onEnd(connection: Connection, reason: string): void;
}

/**
 * One client's connection: bytes in, frames out; answers in, bytes out; and the bounds that keep it from costing more
 * than its share.
 *
 * States: greeting (until `acceptHello`), open, ending (the last answer is on its way, input is ignored), closed.
 */
export class Connection implements StreamHandlers {
  readonly id: number;
  clientName = 'unnamed';
  clientPid = 0;
  /** Requests other than record that are under way. */
  pendingRequests = 0;
  readonly #end = Promise.withResolvers<void>();
  readonly #stream: ByteStream;
  readonly #owner: ConnectionOwner;
  #decoder = new FrameDecoder(limits.frameBytes, releaseMemory);
  #partialBytes = 0;
  /** Frames that have arrived and wait for the next turn. */
  #waitingFrames: Generator<Frame, void, undefined> | undefined;
  #state: 'greeting' | 'open' | 'ending' | 'closed' = 'greeting';
  readonly #pauses = new Set<PauseReason>();
  #timer: NodeJS.Timeout | undefined;
  /** Why we end it, when it is us. */
  #reason: string | undefined;

  constructor(id: number, stream: ByteStream, owner: ConnectionOwner) {
    this.id = id;
    this.#stream = stream;
    this.#owner = owner;
    this.#startTimer(limits.helloTimeoutMs, `no hello within ${limits.helloTimeoutMs} ms`);
  }

  /** Whether it is us who do not read. */
  get isPaused(): boolean {
    return this.#pauses.size > 0;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Resolves when the connection is closed. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Bytes of answers the client has not taken yet. */
  get unsentBytes(): number {
    return this.#stream.unsentBytes;
  }

  acceptHello(name: string, pid: number): void {
    this.clientName = name;
    this.clientPid = pid;
    this.#state = 'open';
    this.#stopTimer();
  }

  onData(chunk: Buffer): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    this.#takeTurn(this.#decoder.push(chunk), TURN_MS);
  }

  /** Handles frames for a while; what is left has its next turn after everybody else. */
  #takeTurn(frames: Generator<Frame, void, undefined>, turnMs: number): void {
    let hasFrame = false;
    this.#waitingFrames = undefined;
    const endMs = performance.now() + turnMs;
    try {
      for (let next = frames.next(); next.done !== true; next = frames.next()) {
        hasFrame = true;
        this.#dispatch(next.value);
        if (!this.#isTalking()) return;
        if (performance.now() < endMs) continue;
        this.#waitingFrames = frames;
        this.pause('turn');
        setImmediate(() => this.#takeNextTurn());
        break;
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      const code = error.reason === 'frame_too_large' ? 'too_large' : 'malformed';
      this.refuse(new DaybookError(code, error.message, { cause: error }));
      return;
    }
    this.#notePartialFrame(this.#decoder.pendingBytes);
    if (this.#state !== 'open') return;
    if (hasFrame || this.#decoder.pendingBytes === 0) this.#stopTimer();
    this.#expectRestOfFrame();
  }

  #takeNextTurn(): void {
    if (this.#waitingFrames !== undefined && this.#isTalking()) this.#takeTurn(this.#waitingFrames, TURN_MS);
    if (this.#waitingFrames === undefined) this.resume('turn');
  }

  onDrain(): void {
    this.#owner.onDrain(this);
  }

  onClose(error: Error | undefined): void {
    // What it sent whole is carried out, though nobody is left to be told.
    if (this.#waitingFrames !== undefined && this.#isTalking()) {
      this.#takeTurn(this.#waitingFrames, Number.POSITIVE_INFINITY);
    }
    this.#state = 'closed';
    this.#stopTimer();
    this.#notePartialFrame(0);
    this.#owner.onEnd(this, this.#reason ?? error?.message ?? 'closed by the client');
    this.#end.resolve();
  }

  /** Answers a request with its reply. */
  reply(requestId: number, body: unknown): void {
    this.send(answerKinds.reply, requestId, encode(body));
  }

  /** Answers a request with a refusal. */
  refuseRequest(requestId: number, error: DaybookError): void {
    this.send(answerKinds.error, requestId, encode(errorBody(error)));
  }

  send(kind: string, requestId: number, body: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#stream.write(encodeFrame(kind, requestId, body));
    if (this.#stream.unsentBytes > limits.pendingReplyBytes) {
      this.#reason = `it did not read ${limits.pendingReplyBytes} bytes of answers`;
      this.#stream.destroy();
    }
  }

  /** Says why, with request id 0, and ends the connection. */
  refuse(error: DaybookError): void {
    if (!this.#isTalking()) return;
    this.refuseRequest(0, error);
    this.end(`${error.code}: ${error.message}`);
  }

  /** Ends the connection once what was sent has left. A client that does not take it is cut off. */
  end(reason: string): void {
    if (!this.#isTalking()) return;
    this.#state = 'ending';
    this.#reason = reason;
    this.#stopTimer();
    this.#decoder = new FrameDecoder(limits.frameBytes, releaseMemory);
    this.#waitingFrames = undefined;
    this.#notePartialFrame(0);
    this.#stream.resume();
    this.#stream.end();
    this.#timer = setTimeout(() => this.#stream.destroy(), limits.shutdownMs / 2);
  }

  /** Stops reading until every reason for it is gone: backpressure reaches the client through the socket's buffers. */
  pause(reason: PauseReason): void {
    this.#pauses.add(reason);
    if (this.#pauses.size > 1 || !this.#isTalking()) return;
    this.#stopTimer();
    this.#stream.pause();
  }

  resume(reason: PauseReason): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0) return;
    this.#stream.resume();
    this.#expectRestOfFrame();
  }

  /** A frame that has begun must be completed, but for the time in which we do not read. */
  #expectRestOfFrame(): void {
    if (
      this.#state !== 'open' ||
      this.#pauses.size > 0 ||
      this.#timer !== undefined ||
      this.#decoder.pendingBytes === 0
    )
      return;
    this.#startTimer(limits.frameTimeoutMs, `half a frame for ${limits.frameTimeoutMs} ms`);
  }

  #dispatch(frame: Frame): void {
    try {
      this.#owner.onFrame(this, frame);
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      this.refuseRequest(frame.requestId, error);
    }
  }

  #isTalking(): boolean {
    return this.#state === 'greeting' || this.#state === 'open';
  }

  #notePartialFrame(bytes: number): void {
    if (bytes === 0 && this.#partialBytes === 0) return;
    this.#partialBytes = bytes;
    this.#owner.onPartialFrame(this, bytes);
  }

  #startTimer(delayMs: number, reason: string): void {
    const startedMs = performance.now();
    this.#timer = setTimeout(() => {
      // It was us who stood still (the machine slept, the process was stopped): the client gets its time again.
      if (performance.now() - startedMs > delayMs + LATE_MS) this.#startTimer(delayMs, reason);
      else this.refuse(new DaybookError('timeout', reason));
    }, delayMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
