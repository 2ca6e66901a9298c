import { basename } from 'node:path';
import { checkSocketPath, daybookPaths } from '../shared/paths.ts';
import { Client, type ClientOptions } from './client.ts';
import { connectWithNodeIpc } from './transport.ts';

export type ConnectOptions = Partial<ClientOptions>;

const BUFFER_BYTES = 64 * 1024 * 1024;

/**
 * A client of this user's daemon, or of the one at `socketPath`. Returns at once and connects meanwhile; use
 * `await client.ready()` to know that the daemon is there.
 * @throws DaybookError path_too_long, invalid_config
 */
export function connect(options: ConnectOptions = {}): Client {
  const socketPath = options.socketPath ?? daybookPaths(process.env).socket;
  checkSocketPath(socketPath, process.platform);
  return new Client({
    clientName: basename(process.argv[1] ?? 'node'),
    transport: connectWithNodeIpc,
    reconnect: true,
    bufferBytes: BUFFER_BYTES,
    commitAtOnce: false,
    onRejected: () => undefined,
    spool: {},
    onSpoolProblem: warn,
    ...options,
    socketPath,
  });
}

function warn(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.emitWarning(`events cannot be kept on disk: ${message}`, 'DaybookWarning');
}
