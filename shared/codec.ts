/**
 * The one msgpack configuration. Plain msgpack, no extensions, so that any language can speak it. Integers above 2^32
 * leave as float64; both forms are read. `undefined` leaves as nil.
 */
// Without the streams and the native addon of the main entry; the daemon's writer adds the latter.
import { Packr } from 'msgpackr/pack';

const options = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  copyBuffers: true,
  // Numbers where they are exact, bigint beyond 2^53. The published types do not list 'auto'.
  int64AsType: 'auto' as unknown as 'bigint',
} as const;

const packr = new Packr(options);
/** Keeps every key as it was sent; the fast decoder renames `__proto__`. */
const exactPackr = new Packr({ ...options, mapsAsObjects: false });

/** @throws when the value holds something msgpack has no form for (functions, symbols) or is nested without end. */
export function encode(value: unknown): Buffer {
  return packr.pack(value);
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
