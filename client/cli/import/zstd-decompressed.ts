import { createZstdDecompress, type ZstdDecompress } from 'node:zlib';

/**
 * Unpacks zstd. A file may hold several frames; Node's stream ends with the first one that does not end with a chunk, and
 * drops what stands behind it, so each such rest gets a stream of its own.
 * @throws when the data is damaged or cut short
 */
export async function* zstdDecompressed(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const chunks = input[Symbol.asyncIterator]();
  let rest: Buffer | undefined = Buffer.alloc(0);
  try {
    while (rest !== undefined) {
      const unpacking: ZstdDecompress = createZstdDecompress();
      const fed = feed(unpacking, rest, chunks);
      yield* unpacking as AsyncIterable<Buffer>;
      unpacking.destroy();
      rest = await fed;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Returns what stands behind the frame; undefined when the input has ended. */
async function feed(
  unpacking: ZstdDecompress,
  begin: Buffer,
  chunks: AsyncIterator<Buffer>,
): Promise<Buffer | undefined> {
  try {
    let chunk = begin;
    for (;;) {
      const before = unpacking.bytesWritten;
      await written(unpacking, chunk);
      const taken = unpacking.bytesWritten - before;
      if (taken < chunk.length) return chunk.subarray(taken);
      const next = await chunks.next();
      if (next.done === true) break;
      chunk = next.value;
    }
    unpacking.end();
  } catch (error) {
    unpacking.destroy(error as Error);
  }
  return undefined;
}

/** Resolves when the stream is done with the bytes; what is wrong with them, its reader is told. */
function written(unpacking: ZstdDecompress, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    unpacking.write(bytes, () => resolve());
  });
}
