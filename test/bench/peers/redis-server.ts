import { join } from 'node:path';
import { createClient } from 'redis';
import { SpawnedServer } from './spawned-server.ts';

export type AppendFsync = 'everysec' | 'always';

/** Redis with an append-only file, on a Unix socket. It never rewrites that file: a rewrite would be in its way here. */
export class RedisServer {
  readonly #server: SpawnedServer;

  private constructor(server: SpawnedServer) {
    this.#server = server;
  }

  static async start(appendFsync: AppendFsync): Promise<RedisServer> {
    const server = new SpawnedServer('redis-server', (directory) => {
      const socket = ['--port', '0', '--unixsocket', join(directory, 'redis.sock'), '--unixsocketperm', '700'];
      const log = ['--appendonly', 'yes', '--appendfsync', appendFsync, '--auto-aof-rewrite-percentage', '0'];
      return [...socket, '--dir', directory, '--save', '', ...log];
    });
    await server.prints(/ready to accept connections at/i);
    return new RedisServer(server);
  }

  async connect() {
    const client = createClient({ socket: { path: join(this.#server.directory, 'redis.sock'), tls: false } });
    await client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
