/** msgpack as its specification has it, read slowly and with everything noted. Shares no code with scanner and codec. */
import type { Json } from '../../shared/event.ts';

/** What a well-formed value can hold that an event or a request must not. */
export type Fault =
  | 'non_finite_number'
  | 'unsafe_integer'
  | 'binary'
  | 'extension'
  | 'non_string_key'
  | 'repeated_key'
  | 'invalid_utf8'
  | 'too_deep';

/** The bytes are cut short, or are none of msgpack's forms. */
export class NotMsgpack extends Error {}

/** One value without what is inside it. */
export interface Token {
  kind: 'scalar' | 'text' | 'array' | 'map';
  /** Of a scalar or text. */
  value: unknown;
  /** Values inside an array, keys and values inside a map. */
  items: number;
  fault: Fault | undefined;
  /** The first byte behind it. */
  end: number;
}

/** A whole value; maps are Maps. What is nested too deep is passed over and undefined. */
export interface Reading {
  value: unknown;
  end: number;
  faults: Set<Fault>;
  /** Itself and all that is inside it. */
  values: number;
}

/** @throws NotMsgpack */
export function readValue(bytes: Buffer, start: number, maxDepth: number): Reading {
  const noted = { faults: new Set<Fault>(), values: 0 };
  const { value, end } = readNested(bytes, start, maxDepth, noted);
  return { value, end, ...noted };
}

function readNested(
  bytes: Buffer,
  start: number,
  levelsLeft: number,
  noted: Pick<Reading, 'faults' | 'values'>,
): Pick<Reading, 'value' | 'end'> {
  const token = readToken(bytes, start);
  const { faults } = noted;
  noted.values += 1;
  if (token.fault !== undefined) faults.add(token.fault);
  if (token.kind === 'scalar' || token.kind === 'text') return token;
  if (levelsLeft === 0) {
    faults.add('too_deep');
    return { value: undefined, end: endOfItems(bytes, token.end, token.items, noted) };
  }
  const items: unknown[] = [];
  let at = token.end;
  for (let item = 0; item < token.items; item += 1) {
    const inner = readNested(bytes, at, levelsLeft - 1, noted);
    items.push(inner.value);
    at = inner.end;
  }
  return { value: token.kind === 'array' ? items : mapOf(items, faults), end: at };
}

function mapOf(keysAndValues: readonly unknown[], faults: Set<Fault>): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < keysAndValues.length; index += 2) {
    const key = keysAndValues[index];
    if (typeof key !== 'string') faults.add('non_string_key');
    else if (map.has(key)) faults.add('repeated_key');
    map.set(key, keysAndValues[index + 1]);
  }
  return map;
}

/** Values may be nested without end here. */
function endOfItems(bytes: Buffer, start: number, items: number, noted: Pick<Reading, 'values'>): number {
  let at = start;
  for (let left = items; left > 0; left -= 1) {
    const token = readToken(bytes, at);
    left += token.items;
    noted.values += 1;
    at = token.end;
  }
  return at;
}

/** @throws NotMsgpack */
export function readToken(bytes: Buffer, at: number): Token {
  const tag = take(bytes, at, 1).readUInt8();
  const next = at + 1;
  if (tag < 0x80) return scalar(tag, next);
  if (tag < 0x90) return container('map', tag - 0x80, next);
  if (tag < 0xa0) return container('array', tag - 0x90, next);
  if (tag < 0xc0) return text(bytes, next, tag - 0xa0);
  if (tag >= 0xe0) return scalar(tag - 0x100, next);
  const size = (sizeBytes: number) => take(bytes, next, sizeBytes).readUIntBE(0, sizeBytes);
  switch (tag) {
    case 0xc0:
      return scalar(null, next);
    case 0xc2:
      return scalar(false, next);
    case 0xc3:
      return scalar(true, next);
    case 0xc4:
      return opaque(bytes, next + 1, size(1), 'binary');
    case 0xc5:
      return opaque(bytes, next + 2, size(2), 'binary');
    case 0xc6:
      return opaque(bytes, next + 4, size(4), 'binary');
    case 0xc7:
      return opaque(bytes, next + 1, size(1) + 1, 'extension');
    case 0xc8:
      return opaque(bytes, next + 2, size(2) + 1, 'extension');
    case 0xc9:
      return opaque(bytes, next + 4, size(4) + 1, 'extension');
    case 0xca:
      return float(take(bytes, next, 4).readFloatBE(), next + 4);
    case 0xcb:
      return float(take(bytes, next, 8).readDoubleBE(), next + 8);
    case 0xcc:
      return scalar(take(bytes, next, 1).readUInt8(), next + 1);
    case 0xcd:
      return scalar(take(bytes, next, 2).readUInt16BE(), next + 2);
    case 0xce:
      return scalar(take(bytes, next, 4).readUInt32BE(), next + 4);
    case 0xcf:
      return integer(take(bytes, next, 8).readBigUInt64BE(), next + 8);
    case 0xd0:
      return scalar(take(bytes, next, 1).readInt8(), next + 1);
    case 0xd1:
      return scalar(take(bytes, next, 2).readInt16BE(), next + 2);
    case 0xd2:
      return scalar(take(bytes, next, 4).readInt32BE(), next + 4);
    case 0xd3:
      return integer(take(bytes, next, 8).readBigInt64BE(), next + 8);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return opaque(bytes, next, 1 + 2 ** (tag - 0xd4), 'extension');
    case 0xd9:
      return text(bytes, next + 1, size(1));
    case 0xda:
      return text(bytes, next + 2, size(2));
    case 0xdb:
      return text(bytes, next + 4, size(4));
    case 0xdc:
      return container('array', size(2), next + 2);
    case 0xdd:
      return container('array', size(4), next + 4);
    case 0xde:
      return container('map', size(2), next + 2);
    case 0xdf:
      return container('map', size(4), next + 4);
    default:
      throw new NotMsgpack(`0x${tag.toString(16)} is no tag`);
  }
}

function take(bytes: Buffer, at: number, count: number): Buffer {
  if (at + count > bytes.length) throw new NotMsgpack(`${at + count} bytes announced, ${bytes.length} there`);
  return bytes.subarray(at, at + count);
}

function scalar(value: unknown, end: number, fault?: Fault): Token {
  return { kind: 'scalar', value, items: 0, fault, end };
}

function opaque(bytes: Buffer, at: number, size: number, fault: Fault): Token {
  return scalar(take(bytes, at, size), at + size, fault);
}

function float(value: number, end: number): Token {
  return scalar(value, end, Number.isFinite(value) ? undefined : 'non_finite_number');
}

function integer(value: bigint, end: number): Token {
  return Number.isSafeInteger(Number(value)) ? scalar(Number(value), end) : scalar(value, end, 'unsafe_integer');
}

function text(bytes: Buffer, at: number, size: number): Token {
  const encoded = take(bytes, at, size);
  const token = { kind: 'text', items: 0, end: at + size } as const;
  try {
    return { ...token, value: strictUtf8.decode(encoded), fault: undefined };
  } catch {
    return { ...token, value: encoded.toString('latin1'), fault: 'invalid_utf8' };
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function container(kind: 'array' | 'map', size: number, end: number): Token {
  return { kind, value: undefined, items: kind === 'map' ? size * 2 : size, fault: undefined, end };
}

/** A reading without faults as JSON has it: every key an own one, no sign on zero. */
export function jsonOf(value: unknown): Json {
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, inner]) => [String(key), jsonOf(inner)]));
  }
  return value === 0 ? 0 : (value as Json);
}
