import { decode } from '../../shared/codec.ts';
import { DaybookError, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { isAbsent } from '../../shared/messages/fields.ts';
import { type Origin, parseOrigin } from '../../shared/messages/origin.ts';
import { durabilities, type Durability } from '../../shared/messages/record.ts';
import { shortTextAt } from '../../shared/msgpack-text.ts';
import { MalformedMsgpack, MsgpackScanner, type ScanProblem, scanProblems } from '../../shared/msgpack-scanner.ts';

/** One event of a record body: where it stands, and what a scan found in it. */
export class RawEvent {
  /** The whole body. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly problem: ScanProblem;
  /** Map entries the bytes hold. Fewer in `value` mean that a key stood twice in a map. */
  readonly mapEntries: number;
  /** Values the bytes hold. */
  readonly values: number;
  #value: unknown;

  constructor(bytes: Buffer, start: number, { end, problem, mapEntries, values }: MsgpackScanner) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.problem = problem;
    this.mapEntries = mapEntries;
    this.values = values;
  }

  get sizeBytes(): number {
    return this.end - this.start;
  }

  /** The event, decoded at the first look; undefined when its problem or its size does not allow decoding it. */
  get value(): unknown {
    if (this.#value === undefined && this.#isDecodable) this.#value = decode(this.bytes.subarray(this.start, this.end));
    return this.#value;
  }

  /** Gives the memory of `value` back. */
  release(): void {
    this.#value = undefined;
  }

  get #isDecodable(): boolean {
    return (
      this.problem < firstUndecodable && this.sizeBytes <= limits.eventBytes && this.values <= limits.valuesPerEvent
    );
  }
}

export interface RecordBody {
  durability: Durability;
  wait: boolean;
  origin?: Origin;
  events: readonly RawEvent[];
}

/** Values that are scanned between two pauses: some tenths of a millisecond. */
const SLICE_VALUES = 32 * 1024;

const FALSE = 0xc2;
const TRUE = 0xc3;

const optionScanner = new MsgpackScanner(4);
/** As many as requests were read at a time. */
const idleScanners: MsgpackScanner[] = [];

/** From this problem on a decoder must not see the event. */
const firstUndecodable = scanProblems.non_string_key;

/**
 * Reads `{durability, wait, origin, events: [...]}` from its bytes. Every event is bounded before it is decoded, and an event
 * that cannot be decoded does not touch its neighbours.
 * @throws DaybookError malformed, invalid_request, too_large: nothing of the request can be used
 */
export function readRecordBody(bytes: Buffer): RecordBody {
  const slices = readInSlices(bytes);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/** The same, with a pause after each slice for those who have less to do. */
export function* readInSlices(bytes: Buffer): Generator<void, RecordBody, undefined> {
  try {
    return yield* readBody(bytes);
  } catch (error) {
    if (error instanceof MalformedMsgpack) throw new DaybookError('malformed', error.message, { cause: error });
    throw error;
  }
}

function* readBody(bytes: Buffer): Generator<void, RecordBody, undefined> {
  const options: { [name: string]: unknown } = {};
  let events: RawEvent[] | undefined;
  const fields = containerAt(bytes, 0, 'map');
  let position = fields.start;
  for (let index = 0; index < fields.count; index += 1) {
    const { value: key, end: keyEnd } = readOption('a field', bytes, position);
    position = keyEnd;
    if (key === 'events') {
      if (events !== undefined) throw new DaybookError('invalid_request', 'events stands there twice');
      const list = yield* scanEvents(bytes, position);
      events = list.events;
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
  if (events === undefined) throw new DaybookError('invalid_request', 'events is missing');
  const durability = durabilities.find((level) => level === (options['durability'] ?? 'committed'));
  if (durability === undefined) {
    throw new DaybookError('invalid_request', `durability must be one of: ${durabilities.join(', ')}`);
  }
  const wait = options['wait'] ?? true;
  if (typeof wait !== 'boolean') throw new DaybookError('invalid_request', 'wait must be true or false');
  const origin = isAbsent(options['origin']) ? undefined : parseOrigin(options['origin']);
  return { durability, wait, ...(origin !== undefined && { origin }), events };
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

function* scanEvents(bytes: Buffer, at: number): Generator<void, { events: RawEvent[]; end: number }, undefined> {
  const { count, start } = containerAt(bytes, at, 'array');
  if (count > limits.eventsPerFrame) {
    throw new DaybookError('too_large', `${count} events in one request; at most ${limits.eventsPerFrame} are taken`);
  }
  const events: RawEvent[] = [];
  // One that no other request has: these are read during the pauses.
  const scanner = idleScanners.pop() ?? new MsgpackScanner(limits.nestingDepth);
  let position = start;
  let left = SLICE_VALUES;
  for (let index = 0; index < count; index += 1) {
    let counted = 0;
    scanner.begin(position);
    while (!scanner.advance(bytes, left)) {
      counted = scanner.values;
      left = SLICE_VALUES;
      yield;
    }
    events.push(new RawEvent(bytes, position, scanner));
    position = scanner.end;
    left = Math.max(left - (scanner.values - counted), 1);
  }
  idleScanners.push(scanner);
  return { events, end: position };
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

/** What to tell the sender of an event with this problem; undefined for `none`. */
export function problemRefusal(problem: ScanProblem): { code: ErrorCode; message: string } | undefined {
  switch (problem) {
    case scanProblems.none:
      return undefined;
    case scanProblems.non_finite_number:
      return { code: 'invalid_data', message: 'data holds NaN or an infinity, which JSON cannot keep' };
    case scanProblems.unsafe_integer:
      return {
        code: 'invalid_data',
        message: 'data holds an integer beyond 2^53, which JSON cannot keep exactly; send it as text',
      };
    case scanProblems.binary:
      return { code: 'invalid_data', message: 'data holds binary, which JSON cannot keep; send it as base64 text' };
    case scanProblems.non_string_key:
      return { code: 'invalid_data', message: 'a map has a key that is not text' };
    case scanProblems.invalid_utf8:
      return { code: 'invalid_utf8', message: 'a string is not valid UTF-8' };
    case scanProblems.extension:
      return {
        code: 'invalid_data',
        message: 'data holds a msgpack extension type (such as a date); send text or a number',
      };
    case scanProblems.too_deep:
      return { code: 'too_deep', message: `maps and arrays are nested more than ${limits.nestingDepth} levels deep` };
    default:
      return problem satisfies never;
  }
}
