import type { ByteStream, Listen, Listener, StreamHandlers } from '../../shared/byte-stream.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { Frame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { Connection } from './connection.ts';
import type { ConnectionBound } from './connection-bound.ts';
import { PartialFrames } from './partial-frames.ts';

export interface ConnectionsOptions {
  listen: Listen;
  path: string;
  bound: ConnectionBound;
  onFrame: (connection: Connection, frame: Frame) => void;
  onDrain: (connection: Connection) => void;
  onEnd: (connection: Connection, reason: string) => void;
}

/** Everybody who is connected. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();
  readonly #partialFrames = new PartialFrames<Connection>(limits.partialFrameBytes);
  #listener: Listener | undefined;
  #nextId = 1;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  async listen(): Promise<void> {
    const { listen, path, bound } = this.#options;
    this.#listener = await listen(path, bound.served + bound.refused, (stream) => this.#accept(stream));
  }

  /** Takes no new connections and reads nothing more from the open ones. Their answers still leave. */
  stopReading(): void {
    this.#listener?.close();
    for (const connection of this.#open) connection.pause('stopping');
  }

  /** Ends every connection once what was sent to it has left, and resolves when all are gone. */
  async end(): Promise<void> {
    const ends = [...this.#open].map((connection) => {
      connection.end('the daemon is going away');
      return connection.ended;
    });
    await Promise.all(ends);
  }

  #bound(sender: Connection, bytes: number): void {
    const last = this.#partialFrames.note(sender, bytes);
    if (last === undefined) return;
    const reason = `${this.#partialFrames.totalBytes} bytes of unfinished frames are too many; send the frame again`;
    last.refuse(new DaybookError('busy', reason));
  }

  #accept(stream: ByteStream): StreamHandlers {
    const connection = new Connection(this.#nextId, stream, {
      onFrame: this.#options.onFrame,
      onDrain: this.#options.onDrain,
      onPartialFrame: (sender, bytes) => this.#bound(sender, bytes),
      onEnd: (ended, reason) => {
        this.#open.delete(ended);
        this.#options.onEnd(ended, reason);
      },
    });
    this.#nextId += 1;
    this.#open.add(connection);
    const { served } = this.#options.bound;
    if (this.#open.size > served) {
      const reason = `the daemon serves ${served} connections already; try again when one is closed`;
      connection.refuse(new DaybookError('too_many_connections', reason));
    }
    return connection;
  }
}
