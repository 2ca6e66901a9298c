import type { Socket } from 'node:net';

/**
 * The transport seam: one connection as a stream of bytes. Framing and everything above it sees only this. Both
 * transports (node-ipc, node:net) end in a socket, so there is one implementation; they differ in how a connection comes
 * about.
 */
export interface ByteStream {
  /** Sends bytes. Writes of one turn of the event loop leave together. */
  write(bytes: Uint8Array): void;
  /** Bytes written and not yet taken by the kernel. */
  readonly unsentBytes: number;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Sends what is written, then closes. */
  end(): void;
  /** Closes at once; what is unsent is lost. */
  destroy(): void;
  /** Whether this connection alone keeps the process alive. */
  keepsProcessAlive(keeps: boolean): void;
}

export interface StreamHandlers {
  onData(chunk: Buffer): void;
  /** `unsentBytes` has fallen to 0 after it was high. */
  onDrain(): void;
  /** The end, exactly once, whoever caused it. */
  onClose(error: Error | undefined): void;
}

/** Opens one connection. Rejects with the system's error when nobody listens. */
export type Transport = (path: string, handlersFor: (stream: ByteStream) => StreamHandlers) => Promise<ByteStream>;

/** Accepts connections until it is closed. */
export interface Listener {
  /** Stops accepting and frees the socket path; open connections go on. */
  close(): void;
}

export type Listen = (
  path: string,
  maxConnections: number,
  handlersFor: (stream: ByteStream) => StreamHandlers,
) => Promise<Listener>;

export class SocketStream implements ByteStream {
  readonly #socket: Socket;
  #isCorked = false;
  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#socket.write(bytes);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  keepsProcessAlive(keeps: boolean): void {
    if (keeps) this.#socket.ref();
    else this.#socket.unref();
  }
}
