import { connect } from '@nats-io/transport-node';
import { SpawnedServer } from './spawned-server.ts';

/** NATS with JetStream, on a loopback port that was free. */
export class NatsServer {
  readonly #server: SpawnedServer;
  readonly #port: number;

  private constructor(server: SpawnedServer, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async start(): Promise<NatsServer> {
    const server = new SpawnedServer('nats-server', (directory) => [
      '--addr',
      '127.0.0.1',
      '--port',
      '-1',
      '--jetstream',
      '--store_dir',
      directory,
    ]);
    const [, port] = await server.prints(/client connections on 127\.0\.0\.1:(\d+)/);
    await server.prints(/Server is ready/);
    return new NatsServer(server, Number(port));
  }

  connect() {
    return connect({ servers: `127.0.0.1:${this.#port}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
