/**
 * One value with a checksum: the header of a segment, and the content of a file of gaps.
 *
 * ```
 * magic    4 bytes  "DBSP"
 * version  u8       1
 * length   u32      of the body, big-endian
 * body              msgpack
 * crc      u32      CRC-32 of all before it
 * ```
 */
import { crc32 } from 'node:zlib';
import { decode, encode } from '../../shared/codec.ts';

export interface Block {
  value: unknown;
  /** Where the block ends. */
  end: number;
}

const MAGIC = Buffer.from('DBSP', 'latin1');
const VERSION = 1;
const HEAD_BYTES = 9;

export function encodeBlock(value: unknown): Buffer {
  const body = encode(value);
  const block = Buffer.allocUnsafe(HEAD_BYTES + body.length + 4);
  block.set(MAGIC);
  block[4] = VERSION;
  block.writeUInt32BE(body.length, 5);
  block.set(body, HEAD_BYTES);
  const end = HEAD_BYTES + body.length;
  block.writeUInt32BE(crc32(block.subarray(0, end)), end);
  return block;
}

/** The block that these bytes begin with. Undefined when it is damaged; `newer` when another version wrote it. */
export function decodeBlock(bytes: Buffer): Block | 'newer' | undefined {
  if (bytes.length < HEAD_BYTES + 4 || bytes.compare(MAGIC, 0, 4, 0, 4) !== 0) return undefined;
  const end = HEAD_BYTES + bytes.readUInt32BE(5);
  if (end + 4 > bytes.length || crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) return undefined;
  if (bytes[4] !== VERSION) return 'newer';
  return { value: decode(bytes.subarray(HEAD_BYTES, end)), end: end + 4 };
}
