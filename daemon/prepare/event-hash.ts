import { hash } from 'node:crypto';

/** Bytes of a SHA-256 that are kept. Half of it is beyond any collision, found or made. */
export const hashBytes = 16;

/**
 * Writes the identity of an event to the 16 bytes of `target`: the first 16 bytes of the SHA-256 over the RFC 8785 text of
 * `{"action":…,"data":…,"source":…,"timestamp":…,"type":…}`, with `"action":null` when there is none. Key order does
 * not count, 1 and 1.0 are the same number, strings are compared code unit by code unit (no Unicode normalisation).
 *
 * @param canonicalData the RFC 8785 text of `data`
 */
export function writeEventHash(
  target: Buffer,
  timestamp: number,
  type: string,
  source: string,
  action: string | null,
  canonicalData: string,
): void {
  target.write(digestOf(identityText(timestamp, type, source, action, canonicalData)), 0, hashBytes, 'latin1');
}

/** The text whose digest identifies an event. */
export function identityText(
  timestamp: number,
  type: string,
  source: string,
  action: string | null,
  canonicalData: string,
): string {
  return (
    `{"action":${JSON.stringify(action)},"data":${canonicalData},"source":${JSON.stringify(source)},` +
    `"timestamp":${timestamp},"type":${JSON.stringify(type)}}`
  );
}

/** The SHA-256 of a text, as a string of bytes: a Buffer for each digest costs twice the digest. */
export function digestOf(text: string | Buffer): string {
  return hash('sha256', text, 'binary');
}
