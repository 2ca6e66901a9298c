import { createServer } from 'node:net';
import { type Listen, SocketStream } from '../../shared/byte-stream.ts';

/** The same seam on node:net alone. */
export const listenWithNet: Listen = (path, maxConnections, handlersFor) => listen(path, maxConnections, handlersFor);

/** Listens on a socket that is there already. Closing it leaves the socket to whoever else has it, and its file alone. */
export function listenOnDescriptor(descriptor: number): Listen {
  return (_path, maxConnections, handlersFor) => listen({ fd: descriptor }, maxConnections, handlersFor);
}

function listen(
  where: string | { fd: number },
  maxConnections: number,
  handlersFor: Parameters<Listen>[2],
): ReturnType<Listen> {
  return new Promise((resolve, reject) => {
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
    server.listen(where, () => resolve({ close: () => server.close() }));
  });
}
