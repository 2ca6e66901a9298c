import type { Transform } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { Compression } from './formats.ts';

export function compressor(compression: Compression): Transform {
  return compression === 'gzip' ? createGzip() : createZstdCompress();
}
