/** Rows as SQLite keeps them, read from their bytes: https://www.sqlite.org/fileformat2.html#record_format */

/** A value of a row. Integers are bigint, which tells them from reals. */
export type KeptValue = null | bigint | number | string | Buffer;

/** A variable-length integer: up to 2^53, which every length and id of ours is below. Undefined when it is none. */
export function readVarint(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let length = 0; length < 8; length += 1) {
    const byte = bytes[at + length];
    if (byte === undefined) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? { value, end: at + length + 1 } : undefined;
  }
  return undefined;
}

/** The values of a row; undefined when these bytes are not exactly one row. */
export function decodeRecord(payload: Buffer): KeptValue[] | undefined {
  const header = readVarint(payload, 0);
  if (header === undefined || header.value < header.end || header.value > payload.length) return undefined;
  const values: KeptValue[] = [];
  let typeAt = header.end;
  let valueAt = header.value;
  while (typeAt < header.value) {
    const type = readVarint(payload, typeAt);
    if (type === undefined || type.end > header.value) return undefined;
    const length = lengthOf(type.value);
    if (length === undefined || valueAt + length > payload.length) return undefined;
    values.push(valueOf(type.value, payload, valueAt, length));
    typeAt = type.end;
    valueAt += length;
  }
  return valueAt === payload.length ? values : undefined;
}

const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function lengthOf(type: number): number | undefined {
  return type < 12 ? LENGTHS[type] : Math.floor((type - 12) / 2);
}

function valueOf(type: number, bytes: Buffer, at: number, length: number): KeptValue {
  if (type >= 12) return type % 2 === 0 ? bytes.subarray(at, at + length) : bytes.toString('utf8', at, at + length);
  switch (type) {
    case 0:
      return null;
    case 6:
      return bytes.readBigInt64BE(at);
    case 7:
      return bytes.readDoubleBE(at);
    case 8:
      return 0n;
    case 9:
      return 1n;
    default:
      return BigInt(bytes.readIntBE(at, length));
  }
}
