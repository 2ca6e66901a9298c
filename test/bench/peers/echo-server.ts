import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpawnedServer } from './spawned-server.ts';

/** Whether an answer comes from the thread that has the sockets, or from one behind it. */
export type EchoPath = 'direct' | 'thread';

const SCRIPT = fileURLToPath(new URL('echo-process.ts', import.meta.url));

/** A server on a Unix socket that does nothing but answer: what two processes of Node need at the least. */
export class EchoServer {
  readonly #server: SpawnedServer;

  private constructor(server: SpawnedServer) {
    this.#server = server;
  }

  static async start(path: EchoPath): Promise<EchoServer> {
    const server = new SpawnedServer(process.execPath, (directory) => [SCRIPT, join(directory, 'echo.sock'), path]);
    await server.prints(/ready/);
    return new EchoServer(server);
  }

  async connect(): Promise<EchoClient> {
    const socket = connect(join(this.#server.directory, 'echo.sock'));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new EchoClient(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** Sends one message at a time. */
export class EchoClient {
  readonly #socket: Socket;
  #onAnswer: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket.on('data', () => this.#onAnswer());
  }

  /** Resolves when the answer is there. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
