import { hash } from 'node:crypto';

/** Bytes of a SHA-256 that are kept. Half of it is beyond any collision, found or made. */
export const hashBytes = 16;

/**
 * The identity of an event: the first 16 bytes of the SHA-256 over the RFC 8785 text of
 * `{"action":…,"data":…,"source":…,"timestamp":…,"type":…}`, with `"action":null` when there is none. Key order does
 * not count, 1 and 1.0 are the same number, strings are compared code unit by code unit (no Unicode normalisation).
 *
 * @param canonicalData the RFC 8785 text of `data`
 */
export function eventHash(
  timestamp: number,
  type: string,
  source: string,
  action: string | null,
  canonicalData: string,
): Buffer {
  return hash(
    'sha256',
    `{"action":${JSON.stringify(action)},"data":${canonicalData},"source":${JSON.stringify(source)},` +
      `"timestamp":${timestamp},"type":${JSON.stringify(type)}}`,
    'buffer',
  ).subarray(0, hashBytes);
}
