import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';

/**
 * One way to misbehave, for ever: it opens new connections when old ones are closed on it.
 * @param underWay call it when a whole dose has been dealt
 */
export type Misbehave = (socketPath: string, underWay: () => void) => Promise<never>;

export const helloFrame = encodeFrame(
  'hello',
  0,
  encode({ protocol: { min: 1, max: 1 }, client: { name: 'hostile', pid: process.pid } }),
);

/** A connection whose answers are read and thrown away. Closed already when nobody listens or too many do it. */
export function openSocket(path: string): Promise<Socket> {
  const socket = createConnection(path);
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(socket));
    socket.on('close', () => resolve(socket));
  });
}

export async function greetedSocket(path: string): Promise<Socket> {
  const socket = await openSocket(path);
  socket.write(helloFrame);
  return socket;
}

/** Resolves when the kernel has taken the bytes, or the connection has ended. */
export function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}

export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

/** Calls `underWay` after `count` turns, and goes on. */
export async function forever(underWay: () => void, count: number, turn: (n: number) => Promise<void>): Promise<never> {
  for (let n = 0; ; n += 1) {
    if (n === count) underWay();
    await turn(n);
  }
}

/** Sends frame after frame as fast as they are taken, on a new connection when the old one is closed. */
export async function floodWith(
  path: string,
  underWay: () => void,
  count: number,
  frames: (n: number) => Uint8Array,
): Promise<never> {
  let socket = await greetedSocket(path);
  return forever(underWay, count, async (n) => {
    if (socket.destroyed || socket.readableEnded) socket = await greetedSocket(path);
    await written(socket, frames(n));
  });
}
