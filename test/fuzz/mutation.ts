import * as fc from 'fast-check';

/** One change to some bytes. The numbers are taken modulo whatever there is, so that every mutation fits all bytes. */
export interface Mutation {
  kind: (typeof kinds)[number];
  at: number;
  to: number;
  count: number;
}

const kinds = ['flip', 'replace', 'shift', 'insert', 'delete', 'repeat', 'swap', 'cut'] as const;

/** Tags of every family, borders of their ranges, and bytes that UTF-8 has no use for. */
const TELLING_BYTES = Buffer.from(
  [
    '00 01 20 5f 61 7f 80 81 82 83 8f 90 91 92 9f a0 a1 a4 bf c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 ca cb cc cd ce cf',
    'd0 d1 d2 d3 d4 d5 d6 d7 d8 d9 da db dc dd de df e0 ed ef f0 f4 f8 ff',
  ]
    .join(' ')
    .replaceAll(' ', ''),
  'hex',
);

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  // Mostly small: what is cut to pieces is refused at once, and shows little.
  kind: fc.constantFrom(...kinds, 'flip', 'flip', 'replace', 'replace', 'shift'),
  at: fc.nat(65_535),
  to: fc.nat(65_535),
  count: fc.integer({ min: 1, max: 24 }),
});

export function mutated(bytes: Buffer, list: readonly Mutation[]): Buffer {
  return list.reduce(mutate, bytes);
}

function mutate(bytes: Buffer, { kind, at: anywhere, to, count }: Mutation): Buffer {
  const at = anywhere % (bytes.length + 1);
  const before = bytes.subarray(0, at);
  const behind = bytes.subarray(at);
  const first = behind[0];
  switch (kind) {
    case 'flip':
      return first === undefined ? bytes : withByte(bytes, at, first ^ (1 << (to % 8)));
    case 'replace':
      return first === undefined ? bytes : withByte(bytes, at, tellingByte(to));
    case 'shift':
      // A length, count or number that is a little off.
      return first === undefined ? bytes : withByte(bytes, at, first + (to % 2 === 0 ? count % 4 : -(count % 4)));
    case 'insert':
      return Buffer.concat([before, Buffer.from({ length: count % 6, 0: tellingByte(to) }), behind]);
    case 'delete':
      return Buffer.concat([before, behind.subarray(count)]);
    case 'repeat': {
      const place = to % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, place), behind.subarray(0, count), bytes.subarray(place)]);
    }
    case 'swap': {
      const size = Math.min(count, Math.floor(behind.length / 2));
      const pieces = [behind.subarray(size, 2 * size), behind.subarray(0, size), behind.subarray(2 * size)];
      return Buffer.concat([before, ...pieces]);
    }
    case 'cut':
      return before;
    default:
      return kind satisfies never;
  }
}

function tellingByte(choice: number): number {
  return TELLING_BYTES[choice % TELLING_BYTES.length] ?? 0;
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte & 0xff;
  return copy;
}
