import { createServer } from 'node:net';
import { type Listen, SocketStream } from '../../shared/byte-stream.ts';

/** The same seam on node:net alone. */
export const listenWithNet: Listen = (path, maxConnections, handlersFor) =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      const handlers = handlersFor(new SocketStream(socket));
      socket.on('data', (chunk) => handlers.onData(chunk));
      socket.on('drain', () => handlers.onDrain());
      // The close that follows carries it.
      socket.on('error', () => undefined);
      socket.on('close', () => handlers.onClose(socket.errored ?? undefined));
    });
    server.maxConnections = maxConnections;
    server.on('error', reject);
    server.listen(path, () => resolve({ close: () => server.close() }));
  });
