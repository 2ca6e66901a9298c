import { SocketStream, type Transport } from '../shared/byte-stream.ts';

/** The same seam on node:net alone. */
export const connectWithNet: Transport = async (path, handlersFor) => {
  const { createConnection } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const stream = new SocketStream(socket);
    const handlers = handlersFor(stream);
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
      resolve(stream);
    });
    socket.on('data', (chunk) => handlers.onData(chunk));
    socket.on('drain', () => handlers.onDrain());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const error = socket.errored ?? undefined;
      if (isConnected) handlers.onClose(error);
      else reject(error ?? new Error('the connection was closed'));
    });
  });
};
