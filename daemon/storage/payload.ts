import { gunzipSync, gzipSync } from 'node:zlib';
import { limits } from '../../shared/limits.ts';

/** How a payload is kept: JSON text, or a gzip of it when the text is over 1 KiB and the gzip is smaller. */
export function packPayload(json: string): string | Buffer {
  // A UTF-16 code unit takes one to three bytes of UTF-8.
  if (json.length * 3 <= limits.compressFromBytes) return json;
  const bytes = Buffer.byteLength(json);
  if (bytes <= limits.compressFromBytes) return json;
  const compressed = gzipSync(json);
  return compressed.length < bytes ? compressed : json;
}

/** The JSON text of a kept payload. @throws when it is no gzip, or expands past limits.payloadJsonBytes. */
export function payloadText(kept: string | Buffer): string {
  if (typeof kept === 'string') return kept;
  return gunzipSync(kept, { maxOutputLength: limits.payloadJsonBytes }).toString('utf8');
}
