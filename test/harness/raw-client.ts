import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { decode, encode } from '../../shared/codec.ts';
import { encodeFrame, type Frame, FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { waitFor } from './wait-for.ts';

/** A connection that speaks bytes, for sending what the real client never would. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: { kind: string; requestId: number; body: unknown }[] = [];
  isClosed = false;
  readonly #decoder = new FrameDecoder(limits.frameBytes);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      for (const frame of this.#decoder.push(chunk)) this.#keep(frame);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(path: string): Promise<RawClient> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Opens a connection and says hello. */
  static async greet(path: string): Promise<RawClient> {
    const client = await RawClient.open(path);
    client.send('hello', 1, { protocol: { min: 1, max: 1 }, client: { name: 'raw', pid: process.pid } });
    await client.answer(1);
    return client;
  }

  send(kind: string, requestId: number, body: unknown): void {
    this.sendBytes(encodeFrame(kind, requestId, encode(body)));
  }

  /** A frame around body bytes that may be anything. */
  sendBody(kind: string, requestId: number, body: Uint8Array): void {
    this.sendBytes(encodeFrame(kind, requestId, body));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The first answer to a request. */
  async answer(requestId: number): Promise<{ kind: string; body: unknown }> {
    return waitFor(`an answer to request ${requestId}`, () =>
      this.frames.find((frame) => frame.requestId === requestId),
    );
  }

  async closed(): Promise<void> {
    await waitFor('the connection to be closed', () => this.isClosed);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #keep(frame: Frame): void {
    this.frames.push({ kind: frame.kind, requestId: frame.requestId, body: decode(frame.body) });
  }
}
