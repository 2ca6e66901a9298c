import { encode } from '../codec.ts';
import { DaybookError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Origin } from './origin.ts';
import type { Durability } from './record.ts';

/**
 * The msgpack bytes of one event.
 * @throws DaybookError when it can never be stored: invalid_data (not encodable), invalid_utf8, too_large
 */
export function encodeEvent(event: unknown): Buffer {
  let bytes: Buffer;
  try {
    bytes = encode(event);
  } catch (cause) {
    if (cause instanceof DaybookError) throw cause;
    throw new DaybookError('invalid_data', `the event cannot be encoded: ${String(cause)}`, { cause });
  }
  if (bytes.length > limits.eventBytes) {
    throw new DaybookError('too_large', `the event has ${bytes.length} bytes; at most ${limits.eventBytes} are kept`);
  }
  return bytes;
}

/** The body of a record request (`RecordRequest`) around events that are encoded already. */
export function encodeRecordBody(
  events: readonly Buffer[],
  durability: Durability,
  wait: boolean,
  origin?: Origin,
): Buffer {
  const head = Buffer.concat([
    Buffer.from([origin === undefined ? 0x83 : 0x84]),
    encode('durability'),
    encode(durability),
    encode('wait'),
    encode(wait),
    ...(origin === undefined ? [] : [encode('origin'), encode(origin)]),
    encode('events'),
    Buffer.from([0xdd, 0, 0, 0, 0]),
  ]);
  head.writeUInt32BE(events.length, head.length - 4);
  return Buffer.concat([head, ...events]);
}
