import { hashBytes } from '../prepare/event-hash.ts';

/** A row of `event` without its id. */
export interface EventRow {
  timestamp: number;
  typeId: number;
  sourceId: number;
  actionId: number | null;
  /** The memory its request came in. */
  bytes: Buffer;
  /** Where its hash begins in there; the payload is right behind it. */
  at: number;
  payloadBytes: number;
  /** The payload is JSON text in UTF-8; otherwise a gzip of it. */
  isText: boolean;
}

export function hashOf({ bytes, at }: EventRow): Buffer {
  return bytes.subarray(at, at + hashBytes);
}

/** The payload as it is kept. */
export function payloadOf({ bytes, at, payloadBytes, isText }: EventRow): string | Buffer {
  const from = at + hashBytes;
  const to = from + payloadBytes;
  return isText ? bytes.toString('utf8', from, to) : bytes.subarray(from, to);
}
