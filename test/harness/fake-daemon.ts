import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Client, connect, type ConnectOptions } from '../../client/index.ts';
import { decode, encode } from '../../shared/codec.ts';
import { encodeFrame, FrameDecoder } from '../../shared/frame.ts';
import { limits, wireLimits } from '../../shared/limits.ts';
import { temporaryHome } from './temporary-home.ts';

export interface ReceivedFrame {
  kind: string;
  requestId: number;
  body: { [field: string]: unknown };
}

/** One client's connection, with everything it has sent. */
export class FakeConnection {
  readonly frames: ReceivedFrame[] = [];
  readonly openedMs = performance.now();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(kind: string, requestId: number, body: unknown): void {
    this.sendBytes(encodeFrame(kind, requestId, encode(body)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  reply(frame: ReceivedFrame, body: unknown): void {
    this.send('reply', frame.requestId, body);
  }

  refuse(requestId: number, code: string): void {
    this.send('error', requestId, { code, message: `${code}, says the fake daemon`, retryable: true });
  }

  greet(frame: ReceivedFrame): void {
    this.reply(frame, {
      protocol: 1,
      daemon: { version: '0.0.0', pid: 1 },
      databaseId: 'fake',
      capabilities: [],
      limits: wireLimits,
    });
  }

  /** Says that every event of a record request is stored. */
  acknowledge(frame: ReceivedFrame): void {
    const { length } = frame.body['events'] as unknown[];
    this.reply(frame, {
      stored: length,
      duplicate: 0,
      rejected: [],
      firstId: 1,
      lastId: length,
      level: frame.body['durability'],
      persisted: true,
    });
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

export interface FakeDaemonScript {
  /** By default it greets. */
  onHello?: (connection: FakeConnection, frame: ReceivedFrame) => void;
  /** By default it says nothing. */
  onRequest?: (connection: FakeConnection, frame: ReceivedFrame) => void;
  onConnection?: (connection: FakeConnection) => void;
}

/** A real socket with a daemon behind it that does what the test says, right or wrong. */
export class FakeDaemon {
  readonly path: string;
  readonly connections: FakeConnection[] = [];
  readonly #server: Server;
  readonly #remove: () => void;
  readonly #clients: Client[] = [];

  private constructor(path: string, remove: () => void, script: FakeDaemonScript) {
    this.path = path;
    this.#remove = remove;
    this.#server = createServer((socket) => this.#accept(socket, script));
  }

  static async start(script: FakeDaemonScript = {}): Promise<FakeDaemon> {
    const home = temporaryHome();
    const daemon = new FakeDaemon(join(home.path, 'fake.sock'), home.remove, script);
    daemon.#server.listen(daemon.path);
    await once(daemon.#server, 'listening');
    return daemon;
  }

  /** A client of this daemon, closed with it. */
  connect(options: ConnectOptions = {}): Client {
    const client = connect({ socketPath: this.path, clientName: 'test', ...options });
    this.#clients.push(client);
    return client;
  }

  /** Frames of one kind from all connections, in order. */
  framesOf(kind: string): ReceivedFrame[] {
    return this.connections.flatMap(({ frames }) => frames).filter((frame) => frame.kind === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.close({ timeoutMs: 10 })));
    for (const connection of this.connections) connection.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    this.#remove();
  }

  #accept(socket: Socket, script: FakeDaemonScript): void {
    const connection = new FakeConnection(socket);
    const decoder = new FrameDecoder(limits.frameBytes);
    this.connections.push(connection);
    script.onConnection?.(connection);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const { kind, requestId, body } of decoder.push(chunk)) {
        const frame = { kind, requestId, body: decode(body) as ReceivedFrame['body'] };
        connection.frames.push(frame);
        if (kind !== 'hello') script.onRequest?.(connection, frame);
        else if (script.onHello === undefined) connection.greet(frame);
        else script.onHello(connection, frame);
      }
    });
  }
}
