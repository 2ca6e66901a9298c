import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { decode } from '../../shared/codec.ts';
import { FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';

export interface Answer {
  kind: string;
  requestId: number;
  body: { readonly [field: string]: unknown };
}

/** A connection that says nothing of its own, keeps every answer, and can be waited for without polling. */
export class WatchedConnection {
  readonly answers: Answer[] = [];
  isClosed = false;
  /** Why the connection ended before its time. */
  fault: Error | undefined;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(limits.frameBytes);
  #stirred = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      for (const { kind, requestId, body } of this.#decoder.push(chunk)) {
        this.answers.push({ kind, requestId, body: decode(body) as Answer['body'] });
      }
      this.#stir();
    });
    socket.on('error', (error) => {
      this.fault = error;
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#stir();
    });
  }

  static async open(path: string): Promise<WatchedConnection> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new WatchedConnection(socket);
  }

  /** Sends chunks one by one, so that the other side may read them one by one; late ones together. */
  async send(chunks: Iterable<Buffer>): Promise<void> {
    let sent = 0;
    for (const chunk of chunks) {
      if (!this.#socket.writable) return;
      this.#socket.write(chunk);
      sent += 1;
      if (sent < 10) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Nothing more comes from here. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** @throws when `holds` is not true after this time */
  async until(what: () => string, holds: () => boolean, deadlineMs: number): Promise<void> {
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => deadline.reject(new Error(`waited ${deadlineMs} ms in vain for ${what()}`)),
      deadlineMs,
    );
    try {
      while (!holds()) await Promise.race([this.#stirred.promise, deadline.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #stir(): void {
    const { resolve } = this.#stirred;
    this.#stirred = Promise.withResolvers();
    resolve();
  }
}
