import { IPCModule } from 'node-ipc';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Listen, SocketStream, type StreamHandlers } from '../../shared/byte-stream.ts';

/**
 * Listens with node-ipc in its raw profile, which hands over the bytes of each connection as they come. Framing, limits
 * and replies are ours. The caller owns the socket path: it holds the instance lock and has removed a stale socket.
 */
export const listenWithNodeIpc: Listen = (path, maxConnections, handlersFor) => {
  // An instance of its own: the default export is shared by everything in the process.
  const ipc = new IPCModule();
  Object.assign(ipc.config, {
    parser: 'raw',
    silent: true,
    appspace: '',
    // Its checks of owner and mode only cover sockets inside this directory.
    socketRoot: `${dirname(path)}/`,
    // It would take the socket of a live daemon without asking.
    unlink: false,
    maxConnections,
  });
  const connections = new Map<Socket, StreamHandlers>();

  return new Promise((resolve, reject) => {
    ipc.serve(path);
    const { server } = ipc;
    server.on('connect', (socket) => {
      connections.set(socket, handlersFor(new SocketStream(socket)));
      socket.on('drain', () => connections.get(socket)?.onDrain());
      // node-ipc reports errors without their socket; the close that follows needs the cause.
      socket.on('close', () => {
        const handlers = connections.get(socket);
        connections.delete(socket);
        handlers?.onClose(socket.errored ?? undefined);
      });
    });
    server.on('data', (chunk, socket) => connections.get(socket)?.onData(chunk));
    // A failure to listen is silent without this; errors of a connection come here too and end in its close.
    server.on('error', reject);
    server.on('start', () => resolve({ close: () => server.server.close() }));
    try {
      server.start();
    } catch (error) {
      reject(error);
    }
  });
};
