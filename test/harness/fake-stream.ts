import type { ByteStream } from '../../shared/byte-stream.ts';
import { decode } from '../../shared/codec.ts';
import { FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';

/** A connection with nobody behind it: keeps what was done to it. */
export class FakeStream implements ByteStream {
  /** Set it to play a peer that does not read. */
  unsentBytes = 0;
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  readonly frames: { kind: string; requestId: number; body: unknown }[] = [];
  readonly #decoder = new FrameDecoder(limits.frameBytes);

  write(bytes: Uint8Array): void {
    for (const { kind, requestId, body } of this.#decoder.push(Buffer.from(bytes))) {
      this.frames.push({ kind, requestId, body: decode(body) });
    }
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  keepsProcessAlive(): void {
    // There is no process to keep alive.
  }
}
