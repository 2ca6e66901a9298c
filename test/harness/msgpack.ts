/** msgpack by hand, for bytes that no encoder would make. */
import { encode } from '../../shared/codec.ts';

/** A value inside the tree that `pack` takes, given as its bytes. */
export class Raw {
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array | string) {
    this.bytes = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : Buffer.from(bytes);
  }
}

/** A map as a list of entries: keys of any type, and the same one twice if need be. */
export class Entries {
  readonly list: readonly (readonly [unknown, unknown])[];

  constructor(list: readonly (readonly [unknown, unknown])[]) {
    this.list = list;
  }
}

/** Encodes a value that may hold `Raw` and `Entries` anywhere. Plain objects become maps in their own key order. */
export function pack(value: unknown): Buffer {
  if (value instanceof Raw) return value.bytes;
  if (value instanceof Entries) {
    const head = Buffer.from([0xdf, 0, 0, 0, 0]);
    head.writeUInt32BE(value.list.length, 1);
    return Buffer.concat([head, ...value.list.flatMap(([key, inner]) => [pack(key), pack(inner)])]);
  }
  if (Array.isArray(value)) {
    const head = Buffer.from([0xdd, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 1);
    return Buffer.concat([head, ...value.map(pack)]);
  }
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    return pack(new Entries(Object.entries(value)));
  }
  return encode(value);
}

/** A str 32 with these bytes, valid UTF-8 or not. */
export function rawText(bytes: Uint8Array): Raw {
  const head = Buffer.from([0xdb, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return new Raw(Buffer.concat([head, bytes]));
}

/** Arrays of one item inside each other. */
export function nested(levels: number): Raw {
  return new Raw(Buffer.concat([Buffer.alloc(levels - 1, 0x91), Buffer.from([0x90])]));
}
