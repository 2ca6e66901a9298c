import { canonicalJson } from '../prepare/canonical-json.ts';
import { hashBytes, writeEventHash } from '../prepare/event-hash.ts';
import { payloadText } from './payload.ts';

/** The RFC 8785 text of a kept payload. @throws when the payload cannot be read */
export function canonicalPayload(kept: string | Buffer): string {
  return canonicalJson(JSON.parse(payloadText(kept))).text;
}

const computed = Buffer.alloc(hashBytes);

/** Whether these are the fields that the hash was made of. */
export function isIdentity(
  hash: Buffer,
  timestamp: number,
  type: string,
  source: string,
  action: string | null,
  canonicalData: string,
): boolean {
  writeEventHash(computed, timestamp, type, source, action, canonicalData);
  return computed.equals(hash);
}
