/** What PROTOCOL.md says of the body of a record request, decided without any of the daemon's code. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import { type Fault, jsonOf, NotMsgpack, readToken, readValue } from './reference-msgpack.ts';

/** An event as it must come back. */
export interface PlainEvent {
  type: string;
  source: string;
  action: string | null;
  /** Undefined: the daemon's own time. */
  timestamp: number | undefined;
  data: { [key: string]: Json };
}

/** An event is accepted, or rejected with one of these codes. */
export type EventVerdict = { event: PlainEvent } | { codes: ReadonlySet<ErrorCode> };

/** A request is refused as a whole with one of these codes, or each of its events has a verdict. */
export type BodyVerdict =
  | { refused: ReadonlySet<ErrorCode> }
  | { events: EventVerdict[]; durability: string; isOriginGiven: boolean };

export function judgeRecordBody(bytes: Buffer): BodyVerdict {
  const refused = new Set<ErrorCode>();
  const fields = new Map<unknown, unknown>();
  try {
    const end = readFields(bytes, fields, refused);
    if (end !== bytes.length) refused.add('malformed');
  } catch (error) {
    if (!(error instanceof NotMsgpack)) throw error;
    return { refused: refused.add('malformed') };
  }
  if (!fields.has('events')) refused.add('invalid_request');
  if (refused.size > 0) return { refused };
  const durability = fields.get('durability') === 'flushed' ? 'flushed' : 'committed';
  const isOriginGiven = (fields.get('origin') ?? null) !== null;
  return { events: fields.get('events') as EventVerdict[], durability, isOriginGiven };
}

/** Reads the body into `fields`, its events as verdicts, and returns where it ends. */
function readFields(bytes: Buffer, fields: Map<unknown, unknown>, refused: Set<ErrorCode>): number {
  if (!MAP_TAGS.has(bytes[0] ?? 0x80)) {
    refused.add('invalid_request');
    return readValue(bytes, 0, NEVER_TOO_DEEP).end;
  }
  const body = readToken(bytes, 0);
  let at = body.end;
  for (let field = 0; field < body.items / 2; field += 1) {
    const key = readValue(bytes, at, NEVER_TOO_DEEP);
    if (fields.has(key.value)) refused.add('invalid_request');
    if (key.value === 'events') {
      const list = readEvents(bytes, key.end, refused);
      fields.set('events', list.events);
      at = list.end;
    } else {
      const isFit = OPTIONS.get(key.value);
      if (isFit === undefined) refused.add('invalid_request');
      const option = readValue(bytes, key.end, NEVER_TOO_DEEP);
      if (isFit?.(option.value) === false || option.faults.size > 0) refused.add('invalid_request');
      fields.set(key.value, option.value);
      at = option.end;
    }
  }
  return at;
}

const OPTIONS: ReadonlyMap<unknown, (value: unknown) => boolean> = new Map([
  ['durability', (value) => value === null || value === 'committed' || value === 'flushed'],
  ['wait', (value) => value === null || typeof value === 'boolean'],
  ['origin', (value) => value === null || isOrigin(value)],
]);
const MAP_TAGS: ReadonlySet<number> = new Set([...Array.from({ length: 16 }, (_, size) => 0x80 + size), 0xde, 0xdf]);
const ARRAY_TAGS: ReadonlySet<number> = new Set([...Array.from({ length: 16 }, (_, size) => 0x90 + size), 0xdc, 0xdd]);
/** Levels that no value made here has. */
const NEVER_TOO_DEEP = 200;

function readEvents(bytes: Buffer, start: number, refused: Set<ErrorCode>): { events: EventVerdict[]; end: number } {
  if (!ARRAY_TAGS.has(bytes[start] ?? 0x90)) {
    refused.add('invalid_request');
    return { events: [], end: readValue(bytes, start, NEVER_TOO_DEEP).end };
  }
  const list = readToken(bytes, start);
  if (list.items > limits.eventsPerFrame) refused.add('too_large');
  const events: EventVerdict[] = [];
  let at = list.end;
  for (let index = 0; index < list.items; index += 1) {
    const { verdict, end } = judgeEvent(bytes, at);
    events.push(verdict);
    at = end;
  }
  return { events, end: at };
}

function judgeEvent(bytes: Buffer, start: number): { verdict: EventVerdict; end: number } {
  const { value, end, faults, values } = readValue(bytes, start, limits.nestingDepth);
  const codes = new Set<ErrorCode>([...faults].map((fault) => CODE_OF[fault]));
  if (end - start > limits.eventBytes) codes.add('too_large');
  if (values > limits.valuesPerEvent) codes.add('too_many_values');
  if (!(value instanceof Map)) {
    codes.add('invalid_event');
    return { verdict: { codes }, end };
  }
  const { type, source, timestamp = null, action = null, data = null, ...others } = Object.fromEntries(value);
  if (Object.keys(others).length > 0) codes.add('invalid_event');
  if (!isName(type, 1)) codes.add('invalid_type');
  if (!isName(source, 1)) codes.add('invalid_source');
  if (timestamp !== null && !isTimestamp(timestamp)) codes.add('invalid_timestamp');
  if (action !== null && !isName(action, 0)) codes.add('invalid_action');
  if (data !== null && !(data instanceof Map)) codes.add('invalid_data');
  if (codes.size > 0) return { verdict: { codes }, end };
  const event = {
    type: String(type),
    source: String(source),
    action: action as string | null,
    timestamp: timestamp === null ? undefined : Number(timestamp),
    data: jsonOf(data ?? new Map()) as PlainEvent['data'],
  };
  return { verdict: { event }, end };
}

const CODE_OF: { readonly [fault in Fault]: ErrorCode } = {
  non_finite_number: 'invalid_data',
  unsafe_integer: 'invalid_data',
  binary: 'invalid_data',
  extension: 'invalid_data',
  non_string_key: 'invalid_data',
  repeated_key: 'invalid_data',
  invalid_utf8: 'invalid_utf8',
  too_deep: 'too_deep',
};

function isName(value: unknown, minBytes: number): boolean {
  if (typeof value !== 'string') return false;
  const bytes = new TextEncoder().encode(value).length;
  return bytes >= minBytes && bytes <= limits.nameBytes;
}

function isTimestamp(value: unknown): boolean {
  return typeof value === 'number' && value >= limits.timestampMinSeconds && value < limits.timestampMaxSeconds;
}

function isOrigin(value: unknown): boolean {
  if (!(value instanceof Map) || value.size !== 3) return false;
  const { producer, epoch, first } = Object.fromEntries(value);
  return (
    isName(producer, 1) && isName(epoch, 1) && Number.isSafeInteger(first) && first >= 1 && first <= limits.counterMax
  );
}
