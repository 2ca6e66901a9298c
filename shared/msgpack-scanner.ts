/**
 * Walks over one msgpack value without building it, so that bytes from a stranger are bounded before a decoder sees
 * them. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { isUtf8 } from 'node:buffer';

/**
 * What makes a well-formed value unfit for JSON. A closed set, from mild to severe: from `non_string_key` on it must not
 * be given to a decoder, which would change it or fail.
 */
export const scanProblems = {
  none: 0,
  non_finite_number: 1,
  unsafe_integer: 2,
  binary: 3,
  non_string_key: 4,
  invalid_utf8: 5,
  extension: 6,
  too_deep: 7,
} as const;

export type ScanProblem = (typeof scanProblems)[keyof typeof scanProblems];

/** The bytes are cut short, or are no msgpack at all. */
export class MalformedMsgpack extends Error {
  override readonly name = 'MalformedMsgpack';
}

export class MsgpackScanner {
  readonly #maxDepth: number;
  /** Items still to come at each level, and whether the level is a map. */
  readonly #remaining: Float64Array;
  readonly #isMap: Uint8Array;

  /** First byte after the value last scanned. */
  end = 0;
  /** The most severe thing met in it. */
  problem: ScanProblem = scanProblems.none;
  /** Map entries in it, at all levels. */
  mapEntries = 0;
  /** Values in it: itself, and at all levels keys, values, items and containers. */
  values = 0;
  /** Where `advance` goes on. */
  #depth = 0;
  #skipping = 0;

  /** @param maxDepth levels of maps and arrays; the outermost one is level 1 */
  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
    this.#remaining = new Float64Array(maxDepth + 1);
    this.#isMap = new Uint8Array(maxDepth + 1);
  }

  /**
   * Scans the value that starts at `start`, and sets `end`, `problem`, `mapEntries` and `values`. Takes time in proportion
   * to the bytes and no memory, however deep the value is.
   * @throws MalformedMsgpack
   */
  scan(bytes: Buffer, start: number): void {
    this.begin(start);
    this.advance(bytes, Number.POSITIVE_INFINITY);
  }

  /** Begins a scan that `advance` does. */
  begin(start: number): void {
    this.end = start;
    this.problem = scanProblems.none;
    this.mapEntries = 0;
    this.values = 0;
    this.#depth = 0;
    this.#skipping = 0;
  }

  /** Scans on, over at most `maxValues` values. False when the value goes on behind them. @throws MalformedMsgpack */
  advance(bytes: Buffer, maxValues: number): boolean {
    const remaining = this.#remaining;
    const isMap = this.#isMap;
    const length = bytes.length;
    let position = this.end;
    let depth = this.#depth;
    /** Values still to pass over inside something that is nested too deep. */
    let skipping = this.#skipping;
    let problem: number = this.problem;
    let { mapEntries, values } = this;
    const lastValue = values + maxValues;
    let isDone = false;

    while (values < lastValue) {
      values += 1;
      if (position >= length) throw new MalformedMsgpack('the value is cut short');
      const tag = bytes[position] as number;
      position += 1;
      let items = -1;
      let tokenIsMap = false;
      let tokenIsString = false;

      if (tag < 0x80 || tag >= 0xe0) {
        // A small integer: the tag is the value.
      } else if (tag < 0x90) {
        items = (tag & 0x0f) * 2;
        tokenIsMap = true;
      } else if (tag < 0xa0) {
        items = tag & 0x0f;
      } else if (tag < 0xc0) {
        tokenIsString = true;
        const text = position;
        position += tag & 0x1f;
        if (position <= length && problem < scanProblems.invalid_utf8 && !isUtf8Between(bytes, text, position)) {
          problem = scanProblems.invalid_utf8;
        }
      } else {
        const shape = tag - 0xc0;
        const sizeBytes = SIZE_BYTES[shape] as number;
        const payload = position + sizeBytes;
        if (payload > length) throw new MalformedMsgpack('the value is cut short');
        const size = sizeBytes === 0 ? 0 : bytes.readUIntBE(position, sizeBytes);
        position = payload + (FIXED_BYTES[shape] as number);
        switch (MEANING[shape]) {
          case MEANS_STRING:
            tokenIsString = true;
            position += size;
            if (position <= length && problem < scanProblems.invalid_utf8 && !isUtf8Between(bytes, payload, position)) {
              problem = scanProblems.invalid_utf8;
            }
            break;
          case MEANS_BINARY:
            position += size;
            if (problem < scanProblems.binary) problem = scanProblems.binary;
            break;
          case MEANS_EXTENSION:
            position += size;
            if (problem < scanProblems.extension) problem = scanProblems.extension;
            break;
          case MEANS_ARRAY:
            items = size;
            break;
          case MEANS_MAP:
            items = size * 2;
            tokenIsMap = true;
            break;
          case MEANS_NUMBER:
            if (position <= length) {
              const unfit = unfitNumber(bytes, tag, payload);
              if (unfit > problem) problem = unfit;
            }
            break;
          case MEANS_NOTHING:
            throw new MalformedMsgpack('0xc1 is not msgpack');
          default:
        }
      }
      if (position > length) throw new MalformedMsgpack('the value is cut short');

      if (skipping > 0) {
        skipping -= 1;
      } else if (
        !tokenIsString &&
        isMap[depth] === 1 &&
        depth > 0 &&
        (remaining[depth] as number) % 2 === 0 &&
        problem < scanProblems.non_string_key
      ) {
        problem = scanProblems.non_string_key;
      }

      if (items >= 0) {
        // Every item takes at least a byte: a header that promises more than the frame has is a lie.
        if (items + skipping > length - position) throw new MalformedMsgpack('a map or array is longer than the frame');
        if (tokenIsMap) mapEntries += items / 2;
        if (depth === this.#maxDepth) {
          problem = scanProblems.too_deep;
          skipping += items;
        } else if (items > 0) {
          depth += 1;
          remaining[depth] = items;
          isMap[depth] = tokenIsMap ? 1 : 0;
          continue;
        }
      }
      if (skipping > 0) continue;

      while (depth > 0) {
        const left = (remaining[depth] as number) - 1;
        remaining[depth] = left;
        if (left > 0) break;
        depth -= 1;
      }
      if (depth === 0) {
        isDone = true;
        break;
      }
    }

    this.end = position;
    this.problem = problem as ScanProblem;
    this.mapEntries = mapEntries;
    this.values = values;
    this.#depth = depth;
    this.#skipping = skipping;
    return isDone;
  }
}

/** Short ASCII, the usual case, is decided without leaving JavaScript. */
function isUtf8Between(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= SHORT_TEXT_BYTES) {
    let bits = 0;
    for (let position = start; position < end; position += 1) bits |= bytes[position] as number;
    if (bits < 0x80) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

const SHORT_TEXT_BYTES = 128;

/** What is wrong with the number whose tag and payload these are: NaN and infinities, and integers beyond 2^53. */
function unfitNumber(bytes: Buffer, tag: number, payload: number): ScanProblem {
  switch (tag) {
    case 0xca:
      return (bytes.readUInt16BE(payload) & 0x7f80) === 0x7f80 ? scanProblems.non_finite_number : scanProblems.none;
    case 0xcb:
      return (bytes.readUInt16BE(payload) & 0x7ff0) === 0x7ff0 ? scanProblems.non_finite_number : scanProblems.none;
    case 0xcf:
      return bytes.readUInt32BE(payload) > 0x1f_ffff ? scanProblems.unsafe_integer : scanProblems.none;
    case 0xd3: {
      const integer = bytes.readBigInt64BE(payload);
      return integer > MAX_SAFE || integer < -MAX_SAFE ? scanProblems.unsafe_integer : scanProblems.none;
    }
    default:
      return scanProblems.none;
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const MEANS_NOTHING = 0;
const MEANS_CONSTANT = 1;
const MEANS_NUMBER = 2;
const MEANS_STRING = 3;
const MEANS_BINARY = 4;
const MEANS_EXTENSION = 5;
const MEANS_ARRAY = 6;
const MEANS_MAP = 7;

/** Tags 0xc0 to 0xdf: bytes of the size field, bytes after it that every value has, and what the token is. */
const SHAPES: readonly (readonly [sizeBytes: number, fixedBytes: number, meaning: number])[] = [
  [0, 0, MEANS_CONSTANT], // c0 nil
  [0, 0, MEANS_NOTHING], // c1
  [0, 0, MEANS_CONSTANT], // c2 false
  [0, 0, MEANS_CONSTANT], // c3 true
  [1, 0, MEANS_BINARY], // c4 bin 8, 16, 32
  [2, 0, MEANS_BINARY],
  [4, 0, MEANS_BINARY],
  [1, 1, MEANS_EXTENSION], // c7 ext 8, 16, 32: size, type, data
  [2, 1, MEANS_EXTENSION],
  [4, 1, MEANS_EXTENSION],
  [0, 4, MEANS_NUMBER], // ca float 32, 64
  [0, 8, MEANS_NUMBER],
  [0, 1, MEANS_NUMBER], // cc uint 8, 16, 32, 64
  [0, 2, MEANS_NUMBER],
  [0, 4, MEANS_NUMBER],
  [0, 8, MEANS_NUMBER],
  [0, 1, MEANS_NUMBER], // d0 int 8, 16, 32, 64
  [0, 2, MEANS_NUMBER],
  [0, 4, MEANS_NUMBER],
  [0, 8, MEANS_NUMBER],
  [0, 2, MEANS_EXTENSION], // d4 fixext 1, 2, 4, 8, 16: type, data
  [0, 3, MEANS_EXTENSION],
  [0, 5, MEANS_EXTENSION],
  [0, 9, MEANS_EXTENSION],
  [0, 17, MEANS_EXTENSION],
  [1, 0, MEANS_STRING], // d9 str 8, 16, 32
  [2, 0, MEANS_STRING],
  [4, 0, MEANS_STRING],
  [2, 0, MEANS_ARRAY], // dc array 16, 32
  [4, 0, MEANS_ARRAY],
  [2, 0, MEANS_MAP], // de map 16, 32
  [4, 0, MEANS_MAP],
];
const SIZE_BYTES = Uint8Array.from(SHAPES, (shape) => shape[0]);
const FIXED_BYTES = Uint8Array.from(SHAPES, (shape) => shape[1]);
const MEANING = Uint8Array.from(SHAPES, (shape) => shape[2]);
