/**
 * A second msgpack encoder, written for tests: it knows nothing of msgpackr and picks among all the forms a value may
 * take, the ones wider than needed included.
 */
export interface Encoded {
  bytes: Buffer;
  /** Map entries at all levels. */
  mapEntries: number;
}

/**
 * @param choices numbers that decide the forms, used over and over
 * @param value what JSON holds
 */
export function encodeInSomeForm(value: unknown, choices: readonly number[]): Encoded {
  let next = 0;
  let mapEntries = 0;
  const pick = <Form>(forms: readonly Form[]): Form => {
    const choice = choices[next % choices.length] ?? 0;
    next += 1;
    return forms[choice % forms.length] as Form;
  };
  const write = (item: unknown): Buffer => {
    if (item === null) return Buffer.from([0xc0]);
    if (typeof item === 'boolean') return Buffer.from([item ? 0xc3 : 0xc2]);
    if (typeof item === 'number') return pick(numberForms(item));
    if (typeof item === 'string') {
      const text = Buffer.from(item, 'utf8');
      return Buffer.concat([pick(headers(text.length, [0xa0, 32], [0xd9, 0xda, 0xdb])), text]);
    }
    if (Array.isArray(item)) {
      return Buffer.concat([pick(headers(item.length, [0x90, 16], [undefined, 0xdc, 0xdd])), ...item.map(write)]);
    }
    const entries = Object.entries(item as object);
    mapEntries += entries.length;
    return Buffer.concat([
      pick(headers(entries.length, [0x80, 16], [undefined, 0xde, 0xdf])),
      ...entries.flatMap(([key, inner]) => [write(key), write(inner)]),
    ]);
  };
  return { bytes: write(value), mapEntries };
}

/** A tag followed by a size or number of so many bytes. */
export function tagged(tag: number, sizeBytes: 1 | 2 | 4, size: number): Buffer {
  const bytes = Buffer.alloc(1 + sizeBytes);
  bytes[0] = tag;
  bytes.writeUIntBE(size, 1, sizeBytes);
  return bytes;
}

export function float32(value: number): Buffer {
  const bytes = Buffer.from([0xca, 0, 0, 0, 0]);
  bytes.writeFloatBE(value, 1);
  return bytes;
}

export function float64(value: number): Buffer {
  const bytes = Buffer.from([0xcb, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(value, 1);
  return bytes;
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.from([0xd3, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigInt64BE(value, 1);
  return bytes;
}

/** All headers for a size: the short one when it fits, then those with 1, 2 and 4 bytes of size. */
function headers(
  size: number,
  [shortTag, shortSizes]: readonly [number, number],
  [tag8, tag16, tag32]: readonly [number | undefined, number, number],
): Buffer[] {
  const forms: Buffer[] = [];
  if (size < shortSizes) forms.push(Buffer.from([shortTag | size]));
  if (tag8 !== undefined && size < 0x100) forms.push(tagged(tag8, 1, size));
  if (size < 0x1_0000) forms.push(tagged(tag16, 2, size));
  forms.push(tagged(tag32, 4, size));
  return forms;
}

function numberForms(value: number): Buffer[] {
  const forms = [float64(value)];
  if (Object.is(Math.fround(value), value)) forms.push(float32(value));
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return forms;
  if (value >= 0) {
    if (value < 0x80) forms.push(Buffer.from([value]));
    if (value < 0x100) forms.push(tagged(0xcc, 1, value));
    if (value < 0x1_0000) forms.push(tagged(0xcd, 2, value));
    if (value < 0x1_0000_0000) forms.push(tagged(0xce, 4, value));
    forms.push(uint64(BigInt(value)));
  } else if (value >= -0x20) forms.push(Buffer.from([0x100 + value]));
  if (value >= -0x80 && value < 0x80) forms.push(tagged(0xd0, 1, value & 0xff));
  if (value >= -0x8000 && value < 0x8000) forms.push(tagged(0xd1, 2, value & 0xffff));
  if (value >= -0x8000_0000 && value < 0x8000_0000) forms.push(tagged(0xd2, 4, value >>> 0));
  forms.push(int64(BigInt(value)));
  return forms;
}
