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
  if (bytes.length > limits.eventBytes) throw eventTooLarge(bytes.length);
  return bytes;
}

export function eventTooLarge(bytes: number): DaybookError {
  return new DaybookError('too_large', `the event has ${bytes} bytes; at most ${limits.eventBytes} are kept`);
}

/** The body of a record request (`RecordRequest`) around events that are encoded already. */
export function encodeRecordBody(
  events: readonly Buffer[],
  durability: Durability,
  wait: boolean,
  origin?: Origin,
): Buffer {
  return Buffer.concat([encodeRecordHead(events.length, durability, wait, origin), ...events]);
}

/** What stands before the events in such a body. */
export function encodeRecordHead(count: number, durability: Durability, wait: boolean, origin?: Origin): Buffer {
  const start = starts[durability][wait ? 'awaited' : 'held'];
  const head = origin === undefined ? Buffer.from(start) : withOrigin(start, origin);
  head.writeUInt32BE(count, head.length - 4);
  return head;
}

function withOrigin(start: Buffer, origin: Origin): Buffer {
  const head = Buffer.concat([start.subarray(0, -EVENTS.length), ORIGIN, encode(origin), EVENTS]);
  head[0] = 0x84;
  return head;
}

const ORIGIN = encode('origin');
/** The name of the list of events, and its header with a count that is filled in. */
const EVENTS = Buffer.concat([encode('events'), Buffer.from([0xdd, 0, 0, 0, 0])]);
/** What stands before the events when there is no origin: the same few bytes each time. */
const starts = {
  committed: { held: startOf('committed', false), awaited: startOf('committed', true) },
  flushed: { held: startOf('flushed', false), awaited: startOf('flushed', true) },
} satisfies Record<Durability, object>;

function startOf(durability: Durability, wait: boolean): Buffer {
  const fields = ['durability', durability, 'wait', wait].map((value) => encode(value));
  return Buffer.concat([Buffer.from([0x83]), ...fields, EVENTS]);
}
