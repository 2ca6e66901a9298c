import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { withHead } from './head.ts';
import { zstdDecompressed } from './zstd-decompressed.ts';

const MAGIC_BYTES = 4;
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The bytes as they are, or unpacked when they are gzip or zstd, by their first bytes. */
export async function decompressed(input: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const { head, bytes } = await withHead(input, MAGIC_BYTES);
  if (head.equals(ZSTD_MAGIC)) return zstdDecompressed(bytes);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return bytes;
  // Whoever reads it is told what went wrong.
  return pipeline(bytes, createGunzip(), () => undefined);
}
