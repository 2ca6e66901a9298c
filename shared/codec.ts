/**
 * The one msgpack configuration. Plain msgpack, no extensions, so that any language can speak it. Integers above 2^32
 * leave as float64; both forms are read. `undefined` leaves as nil.
 */
// Without the streams and the native addon of the main entry; the daemon's writer adds the latter.
import { Packr } from 'msgpackr/pack';
import { DaybookError } from './errors.ts';

const options = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  copyBuffers: true,
  // Numbers where they are exact, bigint beyond 2^53. The published types do not list 'auto'.
  int64AsType: 'auto' as unknown as 'bigint',
} as const;

/** Otherwise a function would leave as nil, without a word. */
const writeFunction = (): never => {
  throw new TypeError('a function cannot be encoded');
};

const packr: Packr = Object.assign(new Packr(options), { writeFunction });
/** For data that has `toJSON` as an ordinary key. */
const literalPackr: Packr = Object.assign(new Packr({ ...options, useToJSON: false }), { writeFunction });
/** Keeps every key as it was sent; the fast decoder renames `__proto__`. */
const exactPackr = new Packr({ ...options, mapsAsObjects: false });

/** U+FFFD in UTF-8: what half a surrogate pair would leave as. */
const REPLACEMENT = Buffer.from('\u{fffd}');
const REPLACEMENT_START = 0xef;

/**
 * The msgpack bytes of a value.
 * @throws DaybookError invalid_utf8 on half a surrogate pair; TypeError on what msgpack has no form for (functions,
 * symbols); RangeError on a value that is nested without end
 */
export function encode(value: unknown): Buffer {
  const bytes = pack(value);
  // Looking for one byte takes a quarter of the time that looking for three does, and it is rare.
  if (bytes.includes(REPLACEMENT_START) && bytes.includes(REPLACEMENT)) checkStrings(value);
  return bytes;
}

function pack(value: unknown): Buffer {
  try {
    return packr.pack(value);
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('toJSON is not a function'))
      return literalPackr.pack(value);
    throw error;
  }
}

function checkStrings(value: unknown): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new DaybookError('invalid_utf8', 'a string holds half a surrogate pair');
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of value instanceof Map ? value : Object.entries(value)) {
      checkStrings(key);
      checkStrings(inner);
    }
  }
}

/**
 * The value that these bytes are: maps become plain objects, and a `__proto__` key an ordinary own property. Bytes from
 * a stranger go through `MsgpackScanner` first, because this decoder has no bounds of its own.
 * @throws on bytes that are not exactly one msgpack value.
 */
export function decode(bytes: Uint8Array): unknown {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.includes('__proto__')) return objectsFromMaps(exactPackr.unpack(buffer));
  return packr.unpack(buffer);
}

/** The values that stand back to back in these bytes, decoded like `decode` does. */
export function decodeSequence(bytes: Buffer): unknown[] {
  if (bytes.includes('__proto__')) return unpackSequence(exactPackr, bytes).map(objectsFromMaps);
  return unpackSequence(packr, bytes);
}

function unpackSequence(unpackr: Packr, bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  unpackr.unpackMultiple(bytes, (value: unknown) => {
    values.push(value);
  });
  return values;
}

function objectsFromMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(objectsFromMaps);
  if (!(value instanceof Map)) return value;
  const object = {};
  for (const [key, inner] of value) {
    Object.defineProperty(object, String(key), {
      value: objectsFromMaps(inner),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
