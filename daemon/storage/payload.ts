import { gunzipSync, gzipSync } from 'node:zlib';
import { limits } from '../../shared/limits.ts';
import { releaseMemory } from '../release-memory.ts';

/** How a payload is kept: JSON text, or a gzip of it when the text is over 1 KiB and the gzip is smaller. */
export function packPayload(json: string): string | Buffer {
  // A UTF-16 code unit takes one to three bytes of UTF-8.
  if (json.length * 3 <= limits.compressFromBytes) return json;
  if (Buffer.byteLength(json) <= limits.compressFromBytes) return json;
  return packPayloadBytes(Buffer.from(json));
}

/** The same, of JSON text in UTF-8 that is over 1 KiB. */
export function packPayloadBytes(json: Buffer): string | Buffer {
  const compressed = gzipSync(json, json.length <= SMALL_WINDOW_BYTES ? SMALL : undefined);
  return compressed.length < json.length ? compressed : json.toString('utf8');
}

/** Most texts are just over the bound. A window of their size takes half the time, and a byte more. */
const SMALL_WINDOW_BYTES = 4096;
const SMALL = { level: 4, memLevel: 6, windowBits: 12, chunkSize: SMALL_WINDOW_BYTES } as const;

/** The JSON text of a kept payload. @throws when it is no gzip, or expands past limits.payloadJsonBytes. */
export function payloadText(kept: string | Buffer): string {
  if (typeof kept === 'string') return kept;
  const bytes = gunzipSync(kept, { maxOutputLength: limits.payloadJsonBytes });
  const text = bytes.toString('utf8');
  releaseMemory(bytes);
  return text;
}
