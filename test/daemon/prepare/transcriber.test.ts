import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import type { NameTable } from '../../../daemon/storage/name-table.ts';
import { packPayload } from '../../../daemon/storage/payload.ts';
import { canonicalJson } from '../../../daemon/prepare/canonical-json.ts';
import { hashBytes, writeEventHash } from '../../../daemon/prepare/event-hash.ts';
import { UNFIT } from '../../../daemon/prepare/json-text.ts';
import { EventPacker, unpackRows } from '../../../daemon/prepare/packed-events.ts';
import { Transcriber } from '../../../daemon/prepare/transcriber.ts';
import { decode, encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import { plainRow } from '../../harness/event-rows.ts';
import { Entries, nested, pack, Raw } from '../../harness/msgpack.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

interface Event {
  type: string;
  source: string;
  timestamp: number;
  action?: string;
  data: { [key: string]: unknown };
}

const transcriber = new Transcriber();
const invalidUtf8 = new Raw('a2c328');

function transcribed(bytes: Buffer, names: NameTable, before = Buffer.alloc(0)) {
  const body = Buffer.concat([before, bytes, Buffer.from([0xc1])]);
  const packer = new EventPacker(1, 0);
  const end = transcriber.pack(body, before.length, 0, packer);
  if (end === UNFIT) return undefined;
  assert.equal(end, before.length + bytes.length);
  const { rows, unnamed } = unpackRows(packer.finish(), names);
  return rows[0] === undefined ? unnamed[0] : plainRow(rows[0]);
}

/** The row that the long way makes of an event. */
function expectedRow({ type, source, timestamp, action, data }: Event, names: NameTable) {
  const hash = Buffer.alloc(hashBytes);
  const { text, inOrder } = canonicalJson(data);
  writeEventHash(hash, timestamp, type, source, action ?? null, text);
  const actionId = action === undefined ? null : names.idOf('action', action);
  const payload = packPayload(inOrder ? text : JSON.stringify(data));
  return {
    timestamp,
    hash,
    typeId: names.idOf('type', type),
    sourceId: names.idOf('source', source),
    actionId,
    data: payload,
  };
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '"\\\b\f\n\r\t\u0000\u001f\u007f\u2028', 'x'.repeat(300)),
);
const key = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 3 }).filter((name) => !/^[0-9]/.test(name)),
  fc.constantFrom('path', 'name', 'a'.repeat(40), 'toJSON', '"', '\n', 'constructor'),
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -1, 127, 128, -32, -33, 65_535, 65_536, 2 ** 32, -(2 ** 31) - 1, 2 ** 53 - 1, 1e21, 5e-324),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('any'), { maxLength: 6 }),
  map: fc.dictionary(key, tie('any'), { maxKeys: 8, noNullPrototype: true }),
})).map as fc.Arbitrary<{ [key: string]: unknown }>;
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const event: fc.Arbitrary<Event> = fc.record(
  {
    type: name,
    source: name,
    timestamp: fc.oneof(
      fc.double({ min: 0, max: 4e9, noNaN: true }).filter((time) => !Number.isInteger(time)),
      fc.integer({ min: 0x1_0000, max: 0xffff_ffff }),
    ),
    action: fc.string({ unit: 'grapheme', maxLength: 12 }),
    data: value,
  },
  { requiredKeys: ['type', 'source', 'timestamp', 'data'], noNullPrototype: true },
);

describe('Transcriber', () => {
  test('gives the row that decoding, validating and canonical JSON give', async (t) => {
    using database = new TemporaryDatabase();
    const order = fc.shuffledSubarray(['type', 'source', 'timestamp', 'action', 'data'] as const, { minLength: 5 });
    await checkProperty(
      t,
      fc.property(event, order, fc.boolean(), fc.uint8Array(), (sent, present, isWide, before) => {
        const entries = present.flatMap((field) => (field in sent ? [[field, sent[field]] as const] : []));
        // Encoders differ in the widths they choose.
        const bytes = isWide ? packShallow(entries) : encode(Object.fromEntries(entries));
        fc.pre(bytes.length <= 8_192);
        const row = transcribed(bytes, database.names, Buffer.from(before));
        assert.deepEqual(row, expectedRow(sent, database.names));
      }),
      2_000,
    );
  });

  const plain = { type: 'a', source: 'b', timestamp: 1.5, data: { k: 1 } };
  const leftToOthers: [string, Buffer][] = [
    [
      'a key twice',
      fields({
        data: new Entries([
          ['k', 1],
          ['k', 1],
        ]),
      }),
    ],
    [
      'a key twice in an inner map',
      fields({
        data: {
          z: 1,
          a: new Entries([
            ['k', 1],
            ['k', 2],
          ]),
        },
      }),
    ],
    [
      'a key twice among others out of order',
      fields({
        data: new Entries([
          ['z', 1],
          ['k', 1],
          ['a', 1],
          ['k', 1],
        ]),
      }),
    ],
    ['a field twice', packShallow([...Object.entries(plain), ['type', 'a']])],
    ['an unknown field', packShallow([...Object.entries(plain), ['typ', 'a']])],
    ['no type', fields({ type: undefined })],
    ['no data', fields({ data: undefined })],
    ['data that is a list', fields({ data: [1] })],
    ['data that is nil', fields({ data: null })],
    ['an empty type', fields({ type: '' })],
    ['a type that is a number', fields({ type: 7 })],
    ['a source of 257 bytes', fields({ source: 'x'.repeat(257) })],
    ['a timestamp that is a small integer', fields({ timestamp: 1 })],
    ['a timestamp in milliseconds', fields({ timestamp: 1.79e12 + 0.5 })],
    ['a negative timestamp', fields({ timestamp: -1.5 })],
    ['a key that is a number for JavaScript', fields({ data: { b: 1, 1: 2 } })],
    ['a key that is not ASCII', fields({ data: { é: 1 } })],
    ['an event that is no map', encode([1, 2, 3])],
    ['a key of invalid UTF-8', fields({ data: new Entries([[new Raw('a1ff'), 1]]) })],
    ['invalid UTF-8 in data', fields({ data: { list: ['fine', invalidUtf8] } })],
    ['invalid UTF-8 in a name', fields({ type: invalidUtf8 })],
    ['NaN', fields({ data: { n: Number.NaN } })],
    ['a negative infinity', fields({ data: { n: Number.NEGATIVE_INFINITY } })],
    ['2^53', fields({ data: { n: new Raw('cf0020000000000000') } })],
    ['the largest 64-bit integer', fields({ data: { n: new Raw('cfffffffffffffffff') } })],
    ['-2^53', fields({ data: { n: new Raw('d3ffe0000000000000') } })],
    ['binary', fields({ data: { n: Buffer.from('x') } })],
    ['an extension', fields({ data: { n: new Raw('d4ff00') } })],
    ['what is no msgpack', fields({ data: { n: new Raw('c1') } })],
    ['nesting past the limit', fields({ data: { deep: nested(limits.nestingDepth - 1) } })],
    ['10,000 levels', fields({ data: { deep: nested(10_000) } })],
    ['a list longer than the body', fields({ data: { list: new Raw('ddffffffff') } })],
    ['a map longer than the body', fields({ data: { map: new Raw('dfffffffff') } })],
    ['a text longer than the body', fields({ data: { text: new Raw('dbffffffff') } })],
    ['a large event', fields({ data: { text: 'x'.repeat(9_000) } })],
    [
      'a map of 300 entries out of order',
      fields({ data: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${999 - n}`, n])) }),
    ],
  ];
  for (const [what, bytes] of leftToOthers) {
    test(`leaves ${what} to others`, () => {
      using database = new TemporaryDatabase();
      assert.equal(transcribed(bytes, database.names), undefined);
    });
  }

  test('goes as deep as events may', () => {
    using database = new TemporaryDatabase();
    const sent = { ...plain, data: { deep: decode(pack(nested(limits.nestingDepth - 2))) } };
    assert.deepEqual(transcribed(fields(sent), database.names), expectedRow(sent, database.names));
  });

  test('leaves an event that is cut short to others, wherever the cut is', () => {
    const numbers = [-1, 200, -200, 65_000, -30_000, 2 ** 31, -(2 ** 31), 2 ** 50, 1.5];
    const data = { numbers, texts: ['é', 'x'.repeat(40), 'x'.repeat(300)], map: { k: null, ['y'.repeat(40)]: true } };
    for (const sent of [
      { ...plain, action: 'a', data },
      { data, action: 'a'.repeat(40), timestamp: 1.5, source: 'b', type: 'é' },
    ]) {
      const bytes = fields(sent);
      for (let length = 0; length < bytes.length; length += 1) {
        const packer = new EventPacker(1, 0);
        assert.equal(transcriber.pack(bytes.subarray(0, length), 0, 0, packer), UNFIT);
        assert.equal(packer.finish().count, 0);
      }
    }
  });

  test('writes text of any size that its bound allows: control characters take six times their bytes', () => {
    using database = new TemporaryDatabase();
    const data = { '\u0001': '\u0000'.repeat(8_000), ['\u0002'.repeat(31)]: [false, false] };
    const sent = {
      ...plain,
      type: '\u0001'.repeat(255),
      source: '\u0001'.repeat(255),
      action: '\u0001'.repeat(255),
      data,
    };
    const fitting = { ...sent, data: { ...data, '\u0001': '\u0000'.repeat(7_200) } };
    assert.deepEqual(transcribed(encode(fitting), database.names), expectedRow(fitting, database.names));
    assert.equal(transcribed(encode(sent), database.names), undefined);
  });

  function fields(changed: { [field: string]: unknown }): Buffer {
    return packShallow(Object.entries({ ...plain, ...changed }).filter(([, inner]) => inner !== undefined));
  }
});

/** An event with these entries behind a fixmap header; their values as `pack` writes them. */
function packShallow(entries: readonly (readonly [string, unknown])[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x80 | entries.length]),
    ...entries.flatMap(([field, inner]) => [encode(field), pack(inner)]),
  ]);
}
