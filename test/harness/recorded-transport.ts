import { connectWithNet } from '../../client/net-transport.ts';
import type { ByteStream, Transport } from '../../shared/byte-stream.ts';
import { decode } from '../../shared/codec.ts';
import { FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';

/** The real transport, with a note of each attempt to connect and each frame that left. */
export class RecordedTransport {
  /** When each attempt began, on the monotonic clock. */
  readonly attemptsMs: number[] = [];
  readonly frames: { kind: string; body: { [field: string]: unknown } }[] = [];

  readonly connect: Transport = async (path, handlersFor) => {
    this.attemptsMs.push(performance.now());
    const decoder = new FrameDecoder(limits.frameBytes);
    const stream = await connectWithNet(path, (real) => handlersFor(this.#recorded(real, decoder)));
    return this.#recorded(stream, decoder);
  };

  framesOf(kind: string): { kind: string; body: { [field: string]: unknown } }[] {
    return this.frames.filter((frame) => frame.kind === kind);
  }

  /** How many events each record frame carried. */
  get eventsPerFrame(): number[] {
    return this.framesOf('record').map(({ body }) => (body['events'] as unknown[]).length);
  }

  readonly #streams = new WeakMap<ByteStream, ByteStream>();

  /** One recorder a stream, because the client tells streams apart by identity. */
  #recorded(real: ByteStream, decoder: FrameDecoder): ByteStream {
    const known = this.#streams.get(real);
    if (known !== undefined) return known;
    const recorded: ByteStream = {
      write: (bytes) => {
        for (const { kind, body } of decoder.push(Buffer.from(bytes))) {
          this.frames.push({ kind, body: decode(body) as { [field: string]: unknown } });
        }
        real.write(bytes);
      },
      get unsentBytes() {
        return real.unsentBytes;
      },
      pause: () => real.pause(),
      resume: () => real.resume(),
      end: () => real.end(),
      destroy: () => real.destroy(),
      keepsProcessAlive: (keeps) => real.keepsProcessAlive(keeps),
    };
    this.#streams.set(real, recorded);
    return recorded;
  }
}
