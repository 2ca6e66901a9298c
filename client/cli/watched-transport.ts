import type { ByteStream, StreamHandlers, Transport } from '../../shared/byte-stream.ts';
import { DaemonSilent } from './daemon-silent.ts';

export interface Watch {
  /** A connection on which somebody waits may be silent for so long before it is asked whether the daemon lives. */
  silenceMs: number;
  /** How long the daemon may take to give a sign of life then. */
  patienceMs: number;
  /** Told at each look that gets no answer. Throws what the connection shall end with; returning means to go on waiting. */
  onSilent: (error: DaemonSilent) => void;
  /** The daemon has given a sign of life, or the connection has. */
  onHeard: () => void;
  /** There is no connection: it was lost, or none could be made. */
  onGone: () => void;
}

/** The same transport, with connections that notice when the other side says nothing though somebody waits. */
export function watchedTransport(transport: Transport, watch: Watch): Transport {
  return async (path, handlersFor) => {
    const asking = (silentMs: number) => ask(transport, path, silentMs, watch);
    let watched: WatchedStream | undefined;
    try {
      await transport(path, (stream) => {
        watched = new WatchedStream(stream, handlersFor, { ...watch, asking });
        return watched;
      });
    } catch (error) {
      watched?.rest();
      watch.onGone();
      throw error;
    }
    if (watched === undefined) throw new Error('the transport has made no connection');
    return watched;
  };
}

/** @throws what the connection shall end with */
async function ask(transport: Transport, path: string, silentMs: number, watch: Watch): Promise<void> {
  const { givesSignOfLife } = await import('./sign-of-life.ts');
  if (await givesSignOfLife(transport, path, watch.patienceMs)) watch.onHeard();
  else watch.onSilent(new DaemonSilent(path, silentMs + watch.patienceMs));
}

/** A timer that is later than this tells that the process was stopped, or asleep. */
const STOOD_STILL_MS = 1_000;

/**
 * States: waiting (somebody does, a timer runs), asking (for a sign of life), resting (nobody waits), closed.
 */
class WatchedStream implements ByteStream, StreamHandlers {
  readonly #stream: ByteStream;
  readonly #handlers: StreamHandlers;
  readonly #watch: Watch & { asking: (silentMs: number) => Promise<void> };
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isAwaited = true;
  #isClosed = false;
  #heardMs = performance.now();

  constructor(
    stream: ByteStream,
    handlersFor: (stream: ByteStream) => StreamHandlers,
    watch: Watch & { asking: (silentMs: number) => Promise<void> },
  ) {
    this.#stream = stream;
    this.#watch = watch;
    this.#handlers = handlersFor(this);
    this.#wait(watch.silenceMs);
  }

  get unsentBytes(): number {
    return this.#stream.unsentBytes;
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.rest();
    this.#stream.end();
  }

  destroy(): void {
    this.rest();
    this.#stream.destroy();
  }

  keepsProcessAlive(keeps: boolean): void {
    this.#isAwaited = keeps;
    this.#stream.keepsProcessAlive(keeps);
    if (keeps && this.#timer === undefined && !this.#isAsking && !this.#isClosed) {
      this.#heardMs = performance.now();
      this.#wait(this.#watch.silenceMs);
    }
  }

  onData(chunk: Buffer): void {
    this.#heardMs = performance.now();
    this.#watch.onHeard();
    this.#handlers.onData(chunk);
  }

  onDrain(): void {
    this.#heardMs = performance.now();
    this.#handlers.onDrain();
  }

  onClose(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.rest();
    this.#isClosed = true;
    this.#watch.onGone();
    this.#handlers.onClose(error);
  }

  /** Looks no more. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isAwaited = false;
  }

  #wait(delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#isAwaited || this.#isClosed) return;
      // This process stood still: what the daemon has said meanwhile is not read yet.
      if (performance.now() - dueMs > STOOD_STILL_MS) this.#heardMs = performance.now();
      const leftMs = this.#heardMs + this.#watch.silenceMs - performance.now();
      if (leftMs > 0) this.#wait(leftMs);
      else void this.#ask();
    }, delayMs);
    // Who waits keeps the process; this only watches.
    this.#timer.unref();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const askedMs = performance.now();
    try {
      await this.#watch.asking(askedMs - this.#heardMs);
    } catch (error) {
      // Something came meanwhile after all.
      if (this.#heardMs < askedMs && !this.#isClosed && error instanceof Error) {
        this.onClose(error);
        this.#stream.destroy();
        return;
      }
    } finally {
      this.#isAsking = false;
    }
    if (this.#isAwaited && !this.#isClosed) this.#wait(this.#watch.silenceMs);
  }
}
