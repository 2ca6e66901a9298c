import { dirname } from 'node:path';
import { SocketStream, type Transport } from '../shared/byte-stream.ts';

/**
 * Connects with node-ipc in its raw profile: a fresh instance each time and no retries of its own, because when to
 * reconnect is decided in one place, reconnect.ts.
 */
export const connectWithNodeIpc: Transport = async (path, handlersFor) => {
  // Loaded with the first connection: it brings 15 MB of TLS and datagram code along.
  const { IPCModule } = await import('node-ipc');
  return new Promise((resolve, reject) => {
    const ipc = new IPCModule();
    Object.assign(ipc.config, {
      parser: 'raw',
      silent: true,
      appspace: '',
      socketRoot: `${dirname(path)}/`,
      stopRetrying: true,
      maxRetries: 0,
    });
    ipc.connectTo('daemon', path, () => {
      const client = ipc.of['daemon'];
      if (client === undefined) {
        reject(new Error('node-ipc opened no connection'));
        return;
      }
      const { socket } = client;
      const stream = new SocketStream(socket);
      const handlers = handlersFor(stream);
      let isConnected = false;
      client.on('connect', () => {
        isConnected = true;
        resolve(stream);
      });
      client.on('data', (chunk) => handlers.onData(chunk));
      // Without a handler node-ipc would be silent; the close below carries the error.
      client.on('error', () => undefined);
      socket.on('drain', () => handlers.onDrain());
      socket.on('close', () => {
        const error = socket.errored ?? undefined;
        if (isConnected) handlers.onClose(error);
        else reject(error ?? new Error('the connection was closed'));
      });
    });
  });
};
