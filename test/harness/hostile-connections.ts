/** Clients that never get as far as a request. */
import { randomBytes } from 'node:crypto';
import { encodeFrame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { closed, forever, greetedSocket, helloFrame, type Misbehave, openSocket, written } from './hostile-socket.ts';

/** Says these bytes on one connection after the other, and waits to be let go. */
const strangerWith =
  (bytes: () => Uint8Array): Misbehave =>
  (path, underWay) =>
    forever(underWay, 40, async () => {
      const socket = await openSocket(path);
      await written(socket, bytes());
      // Bytes that may begin a frame are waited for.
      socket.end();
      await closed(socket);
    });

export const http = strangerWith(() => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
export const tls = strangerWith(() => Buffer.from('1603010200010001fc0303'.padEnd(1_034, '0'), 'hex'));
export const garbage = strangerWith(() => randomBytes(4_096));

/** Half of the largest frame, over and over. */
const halfFrame = encodeFrame('record', 1, Buffer.alloc(limits.frameBytes - 64)).subarray(0, limits.frameBytes / 2);
export const halfFrames: Misbehave = (path, underWay) =>
  forever(underWay, 6, async () => {
    const socket = await greetedSocket(path);
    await written(socket, halfFrame);
    socket.end();
    await closed(socket);
  });

/** A hundred connections that send one byte each second, a quarter of them from the hello on. */
export const byteASecond: Misbehave = async (path, underWay) => {
  const frames = Buffer.concat([helloFrame, halfFrame]);
  const open = async (n: number) => ({ socket: await openSocket(path), position: n % 4 === 0 ? 0 : helloFrame.length });
  const writers = await Promise.all(Array.from({ length: 100 }, (_, n) => open(n)));
  for (const { socket, position } of writers) await written(socket, frames.subarray(0, position));
  return forever(underWay, 2, async () => {
    for (const [n, writer] of writers.entries()) {
      if (writer.socket.closed) writers[n] = await open(0);
      writer.socket.write(frames.subarray(writer.position, writer.position + 1));
      writer.position += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  });
};

/** Comes and goes: a dose is two thousand connections that were accepted. */
export const comingAndGoing: Misbehave = async (path, underWay) => {
  let accepted = 0;
  for (;;) {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(path)));
    const before = accepted;
    for (const socket of sockets) {
      if (!socket.destroyed) accepted += 1;
      socket.destroy();
    }
    if (before < 2_000 && accepted >= 2_000) underWay();
    await Promise.all(sockets.map(closed));
  }
};
