import { decode } from '../../shared/codec.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { MsgpackScanner, type ScanProblem, scanProblems } from '../../shared/msgpack-scanner.ts';

/** Values that are scanned between two pauses: some tenths of a millisecond. */
const SLICE_VALUES = 32 * 1024;

/** From this problem on a decoder must not see the event. */
const firstUndecodable = scanProblems.non_string_key;

/** As many as events were scanned at a time. */
const idleScanners: MsgpackScanner[] = [];

/** An event that is looked at closely: where it stands, and what a scan found in it. */
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

  get #isDecodable(): boolean {
    return (
      this.problem < firstUndecodable && this.sizeBytes <= limits.eventBytes && this.values <= limits.valuesPerEvent
    );
  }
}

/**
 * The event that begins at `start`, bounded before it is decoded, with a pause after each slice.
 * @throws MalformedMsgpack
 */
export function* scanEvent(bytes: Buffer, start: number): Generator<void, RawEvent, undefined> {
  // One that no other event has: these are read during the pauses.
  const scanner = idleScanners.pop() ?? new MsgpackScanner(limits.nestingDepth);
  scanner.begin(start);
  while (!scanner.advance(bytes, SLICE_VALUES)) yield;
  idleScanners.push(scanner);
  return new RawEvent(bytes, start, scanner);
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
