import { decode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { isAbsent } from '../../shared/messages/fields.ts';
import { type Origin, parseOrigin } from '../../shared/messages/origin.ts';
import { durabilities, type Durability } from '../../shared/messages/record.ts';
import { shortTextAt } from '../../shared/msgpack-text.ts';
import { MalformedMsgpack, MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';

export interface RecordBody<Events> {
  durability: Durability;
  wait: boolean;
  origin?: Origin;
  events: Events;
}

/** Reads so many events that begin at `at`, with pauses, and says where they end. @throws MalformedMsgpack */
export type EventsReader<Events> = (
  bytes: Buffer,
  at: number,
  count: number,
) => Generator<void, { events: Events; end: number }, undefined>;

const FALSE = 0xc2;
const TRUE = 0xc3;

const optionScanner = new MsgpackScanner(4);

/** From this problem on a decoder must not see an option. */
const firstUndecodable = scanProblems.non_string_key;

/**
 * Reads `{durability, wait, origin, events: [...]}` from its bytes, with a pause after each slice for those who have less to
 * do.
 * @throws DaybookError malformed, invalid_request, too_large: nothing of the request can be used
 */
export function* readInSlices<Events>(
  bytes: Buffer,
  readEvents: EventsReader<Events>,
): Generator<void, RecordBody<Events>, undefined> {
  try {
    return yield* readBody(bytes, readEvents);
  } catch (error) {
    if (error instanceof MalformedMsgpack) throw new DaybookError('malformed', error.message, { cause: error });
    throw error;
  }
}

function* readBody<Events>(
  bytes: Buffer,
  readEvents: EventsReader<Events>,
): Generator<void, RecordBody<Events>, undefined> {
  const options: { [name: string]: unknown } = {};
  let read: { events: Events } | undefined;
  const fields = containerAt(bytes, 0, 'map');
  let position = fields.start;
  for (let index = 0; index < fields.count; index += 1) {
    const { value: key, end: keyEnd } = readOption('a field', bytes, position);
    position = keyEnd;
    if (key === 'events') {
      if (read !== undefined) throw new DaybookError('invalid_request', 'events stands there twice');
      const { count, start } = eventsAt(bytes, position);
      const list = yield* readEvents(bytes, start, count);
      read = list;
      position = list.end;
    } else if (key === 'durability' || key === 'wait' || key === 'origin') {
      if (Object.hasOwn(options, key)) throw new DaybookError('invalid_request', `${key} stands there twice`);
      const { value, end } = readOption(key, bytes, position);
      options[key] = value;
      position = end;
    } else {
      throw new DaybookError(
        'invalid_request',
        'a record request has the fields durability, wait, origin and events only',
      );
    }
  }
  if (position !== bytes.length) throw new DaybookError('malformed', 'bytes follow the body');
  if (read === undefined) throw new DaybookError('invalid_request', 'events is missing');
  const durability = durabilities.find((level) => level === (options['durability'] ?? 'committed'));
  if (durability === undefined) {
    throw new DaybookError('invalid_request', `durability must be one of: ${durabilities.join(', ')}`);
  }
  const wait = options['wait'] ?? true;
  if (typeof wait !== 'boolean') throw new DaybookError('invalid_request', 'wait must be true or false');
  const origin = isAbsent(options['origin']) ? undefined : parseOrigin(options['origin']);
  return { durability, wait, ...(origin !== undefined && { origin }), events: read.events };
}

/** The value that stands at this place, and where it ends. Short text and flags, all there is as a rule, are not decoded. */
function readOption(name: string, bytes: Buffer, at: number): { value: unknown; end: number } {
  const text = shortTextAt(bytes, at);
  if (text !== undefined) return { value: text, end: at + 1 + text.length };
  if (bytes[at] === FALSE || bytes[at] === TRUE) return { value: bytes[at] === TRUE, end: at + 1 };
  optionScanner.scan(bytes, at);
  if (optionScanner.problem >= firstUndecodable) throw new DaybookError('invalid_request', 'an option is not plain');
  const { end } = optionScanner;
  const value = decode(bytes.subarray(at, end));
  const fieldCount = typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
  if (!Array.isArray(value) && optionScanner.mapEntries !== fieldCount) {
    throw new DaybookError('invalid_request', `${name} has a field twice, or a map inside`);
  }
  return { value, end };
}

/** How many events are announced, and where the first one begins. Each takes a byte at least. */
function eventsAt(bytes: Buffer, at: number): { count: number; start: number } {
  const { count, start } = containerAt(bytes, at, 'array');
  if (count > limits.eventsPerFrame) {
    throw new DaybookError('too_large', `${count} events in one request; at most ${limits.eventsPerFrame} are taken`);
  }
  if (count > bytes.length - start) throw new MalformedMsgpack('the body is cut short');
  return { count, start };
}

/** Size of the map or array whose header is at `at`, and where its first item begins. */
function containerAt(bytes: Buffer, at: number, expected: 'map' | 'array'): { count: number; start: number } {
  const tag = bytes[at];
  if (tag === undefined) throw new MalformedMsgpack('the body is cut short');
  const [fixed, tag16, tag32] = expected === 'map' ? [0x80, 0xde, 0xdf] : [0x90, 0xdc, 0xdd];
  if ((tag & 0xf0) === fixed) return { count: tag & 0x0f, start: at + 1 };
  const sizeBytes = tag === tag16 ? 2 : tag === tag32 ? 4 : 0;
  if (sizeBytes === 0) {
    throw new DaybookError('invalid_request', expected === 'map' ? 'the body must be a map' : 'events must be a list');
  }
  if (at + 1 + sizeBytes > bytes.length) throw new MalformedMsgpack('the body is cut short');
  return { count: bytes.readUIntBE(at + 1, sizeBytes), start: at + 1 + sizeBytes };
}
