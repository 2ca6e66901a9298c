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
  const head = heads[durability][wait ? 'awaited' : 'held'];
  const from = origin === undefined ? NOTHING : Buffer.concat([ORIGIN, encode(origin)]);
  let size = head.length + from.length + EVENTS.length;
  for (const event of events) size += event.length;
  const body = Buffer.allocUnsafe(size);
  body.set(head, 0);
  if (origin !== undefined) body[0] = 0x84;
  body.set(from, head.length);
  let at = head.length + from.length + EVENTS.length;
  body.set(EVENTS, at - EVENTS.length);
  body.writeUInt32BE(events.length, at - 4);
  for (const event of events) {
    body.set(event, at);
    at += event.length;
  }
  return body;
}

const NOTHING = Buffer.alloc(0);
const ORIGIN = encode('origin');
const EVENTS = Buffer.concat([encode('events'), Buffer.from([0xdd, 0, 0, 0, 0])]);
/** What stands before origin and events: they are the same few bytes each time. */
const heads = {
  committed: { held: headOf('committed', false), awaited: headOf('committed', true) },
  flushed: { held: headOf('flushed', false), awaited: headOf('flushed', true) },
} satisfies Record<Durability, object>;

function headOf(durability: Durability, wait: boolean): Buffer {
  return Buffer.concat([
    Buffer.from([0x83]),
    ...['durability', durability, 'wait', wait].map((value) => encode(value)),
  ]);
}
