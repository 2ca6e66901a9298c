import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encode } from '../../shared/codec.ts';
import type { Json } from '../../shared/event.ts';
import { MalformedMsgpack, MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';
import { checkProperty } from '../harness/property.ts';
import { jsonValues } from './json-values.ts';
import { DEPTH, hex, problemOf, type ProblemName } from './scan-problem.ts';
import { encodeInSomeForm, float32, float64, int64, tagged, uint64 } from './msgpack-forms.ts';

const choices = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });

function assertMalformed(bytes: Buffer, what: string): void {
  assert.throws(() => new MsgpackScanner(DEPTH).scan(bytes, 0), MalformedMsgpack, what);
}

function entriesOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce<number>((sum, item) => sum + entriesOf(item), 0);
  return Array.isArray(value) ? inner : inner + Object.keys(value).length;
}

function depthOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((deepest, item) => Math.max(deepest, depthOf(item)), 0);
}

describe('a JSON value', () => {
  test('ends where it ends, has its entries counted and no problem, encoded by msgpackr', async (t) => {
    const scanner = new MsgpackScanner(DEPTH);
    await checkProperty(
      t,
      fc.property(jsonValues, (value) => {
        const bytes = encode(value);
        scanner.scan(bytes, 0);
        assert.deepEqual(
          { end: scanner.end, problem: scanner.problem, mapEntries: scanner.mapEntries },
          { end: bytes.length, problem: scanProblems.none, mapEntries: entriesOf(value) },
        );
      }),
      1_000,
    );
  });

  test('the same in any form, with anything before and behind it', async (t) => {
    const scanner = new MsgpackScanner(DEPTH);
    await checkProperty(
      t,
      fc.property(
        jsonValues,
        choices,
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (value, forms, before, behind) => {
          const { bytes, mapEntries } = encodeInSomeForm(value, forms);
          scanner.scan(Buffer.concat([before, bytes, behind]), before.length);
          assert.deepEqual(
            { end: scanner.end, problem: scanner.problem, mapEntries: scanner.mapEntries },
            { end: before.length + bytes.length, problem: scanProblems.none, mapEntries },
          );
        },
      ),
      1_000,
    );
  });

  test('cut short anywhere, it is malformed', async (t) => {
    await checkProperty(
      t,
      fc.property(jsonValues, choices, (value, forms) => {
        const { bytes } = encodeInSomeForm(value, forms);
        for (let cut = 0; cut < bytes.length; cut += Math.max(1, Math.floor(bytes.length / 200))) {
          assertMalformed(bytes.subarray(0, cut), `cut to ${cut} of ${bytes.length}`);
        }
        assertMalformed(bytes.subarray(0, -1), 'without its last byte');
      }),
      300,
    );
  });

  test('is too deep exactly when it has more levels than allowed, and still ends where it ends', async (t) => {
    await checkProperty(
      t,
      fc.property(jsonValues, choices, fc.integer({ min: 1, max: 4 }), (value, forms, maxDepth) => {
        const { bytes, mapEntries } = encodeInSomeForm(value, forms);
        const scanner = new MsgpackScanner(maxDepth);
        scanner.scan(bytes, 0);
        assert.equal(scanner.end, bytes.length);
        assert.equal(scanner.mapEntries, mapEntries);
        assert.equal(scanner.problem, depthOf(value) > maxDepth ? scanProblems.too_deep : scanProblems.none);
      }),
      1_000,
    );
  });
});

test('any bytes are a value or MalformedMsgpack, and a scan never goes past the end', async (t) => {
  const scanner = new MsgpackScanner(3);
  await checkProperty(
    t,
    fc.property(fc.uint8Array({ maxLength: 80 }), (random) => {
      const bytes = Buffer.from(random);
      try {
        scanner.scan(bytes, 0);
      } catch (error) {
        if (!(error instanceof MalformedMsgpack)) throw error;
        return;
      }
      assert.ok(scanner.end > 0 && scanner.end <= bytes.length);
      assert.ok(Number.isInteger(scanner.mapEntries) && scanner.mapEntries >= 0);
    }),
    5_000,
  );
});

describe('numbers', () => {
  const cases: [string, Buffer, ProblemName][] = [
    ['float 64 infinity', float64(Number.POSITIVE_INFINITY), 'non_finite_number'],
    ['float 64 minus infinity', float64(Number.NEGATIVE_INFINITY), 'non_finite_number'],
    ['float 64 NaN', float64(Number.NaN), 'non_finite_number'],
    ['float 64 NaN with the smallest payload', hex('cb 7ff0000000000001'), 'non_finite_number'],
    ['float 64 NaN with a sign', hex('cb ffffffffffffffff'), 'non_finite_number'],
    ['float 64 NaN with one payload bit', hex('cb 7ff8000000000000'), 'non_finite_number'],
    ['float 64, the largest', float64(Number.MAX_VALUE), 'none'],
    ['float 64, the smallest', float64(Number.MIN_VALUE), 'none'],
    ['float 64 beyond 2^53', float64(2 ** 60), 'none'],
    ['float 32 infinity', float32(Number.POSITIVE_INFINITY), 'non_finite_number'],
    ['float 32 minus infinity', float32(Number.NEGATIVE_INFINITY), 'non_finite_number'],
    ['float 32 NaN', hex('ca 7fc00000'), 'non_finite_number'],
    ['float 32 NaN with every payload bit', hex('ca 7fffffff'), 'non_finite_number'],
    ['float 32 NaN with a sign', hex('ca ffc00000'), 'non_finite_number'],
    ['float 32 NaN with the smallest payload', hex('ca 7f800001'), 'non_finite_number'],
    ['float 32, the largest', hex('ca 7f7fffff'), 'none'],
    ['float 32, 1', float32(1), 'none'],
    ['uint 64, 2^53 - 1', uint64(2n ** 53n - 1n), 'none'],
    ['uint 64, 2^53', uint64(2n ** 53n), 'unsafe_integer'],
    ['uint 64, 2^53 + 1', uint64(2n ** 53n + 1n), 'unsafe_integer'],
    ['uint 64, 2^63', uint64(2n ** 63n), 'unsafe_integer'],
    ['uint 64 of all ones', uint64(2n ** 64n - 1n), 'unsafe_integer'],
    ['uint 64, 7', uint64(7n), 'none'],
    ['int 64, 2^53 - 1', int64(2n ** 53n - 1n), 'none'],
    ['int 64, 2^53', int64(2n ** 53n), 'unsafe_integer'],
    ['int 64, -(2^53 - 1)', int64(-(2n ** 53n) + 1n), 'none'],
    ['int 64, -2^53', int64(-(2n ** 53n)), 'unsafe_integer'],
    ['int 64, -2^63', int64(-(2n ** 63n)), 'unsafe_integer'],
    ['int 64, -1', int64(-1n), 'none'],
    ['uint 32 of all ones', tagged(0xce, 4, 0xffff_ffff), 'none'],
    ['int 32, -2^31', tagged(0xd2, 4, 0x8000_0000), 'none'],
  ];
  for (const [name, bytes, problem] of cases) {
    test(`${name}: ${problem}`, () => {
      assert.equal(problemOf(bytes), problem);
      assert.equal(problemOf(Buffer.concat([hex('92 01'), bytes])), problem, 'as an element');
      assert.equal(problemOf(Buffer.concat([hex('81 a161'), bytes])), problem, 'as a value');
    });
  }
});

describe('what JSON does not have', () => {
  const cases: [string, string, ProblemName][] = [
    ['bin 8', 'c4 01 ff', 'binary'],
    ['bin 8, empty', 'c4 00', 'binary'],
    ['bin 16', 'c5 0002 ffff', 'binary'],
    ['bin 32', 'c6 00000001 ff', 'binary'],
    ['ext 8', 'c7 02 05 0000', 'extension'],
    ['ext 8, empty', 'c7 00 05', 'extension'],
    ['ext 16', 'c8 0001 05 00', 'extension'],
    ['ext 32', 'c9 00000001 05 00', 'extension'],
    ['fixext 1', 'd4 05 00', 'extension'],
    ['fixext 2', 'd5 05 0000', 'extension'],
    ['fixext 4, a timestamp', 'd6 ff 00000001', 'extension'],
    ['fixext 8', 'd7 ff 0000000000000001', 'extension'],
    ['fixext 16', `d8 05 ${'00'.repeat(16)}`, 'extension'],
    ['key 1', '81 01 02', 'non_string_key'],
    ['key -1', '81 ff 02', 'non_string_key'],
    ['key nil', '81 c0 02', 'non_string_key'],
    ['key true', '81 c3 02', 'non_string_key'],
    ['key uint 64', '81 cf0000000000000001 02', 'non_string_key'],
    ['key 0.5', '81 ca3f000000 02', 'non_string_key'],
    ['key binary', '81 c4 01 61 02', 'non_string_key'],
    ['key array', '81 90 02', 'non_string_key'],
    ['key map', '81 81 a161 01 02', 'non_string_key'],
    ['second key 1', '82 a161 01 01 02', 'non_string_key'],
    ['key of an inner map', '81 a161 81 01 02', 'non_string_key'],
    ['key behind an inner map', '82 a161 81 a162 01 05 02', 'non_string_key'],
    ['key extension', '81 d4 05 00 02', 'extension'],
    ['string keys of all widths', '84 a161 01 d90162 02 da000163 03 db0000000164 04', 'none'],
    ['string values where keys are not', '82 a161 a162 a163 92 a164 01', 'none'],
  ];
  for (const [name, bytes, problem] of cases)
    test(`${name}: ${problem}`, () => assert.equal(problemOf(hex(bytes)), problem));

  test('every bin and ext, cut short, is malformed', () => {
    for (const [name, bytes] of cases) {
      const whole = hex(bytes);
      for (let cut = 0; cut < whole.length; cut += 1) assertMalformed(whole.subarray(0, cut), `${name}, ${cut} bytes`);
    }
  });

  test('0xc1 is malformed, wherever it stands', () => {
    for (const bytes of ['c1', '91c1', '81c101', '81a161c1', '9292c1c0c0']) assertMalformed(hex(bytes), bytes);
  });

  test('of several problems the most severe is told, whatever their order', () => {
    const bySeverity: [ProblemName, Buffer][] = [
      ['non_finite_number', float64(Number.NaN)],
      ['unsafe_integer', uint64(2n ** 53n)],
      ['binary', hex('c4 01 61')],
      ['non_string_key', hex('81 01 02')],
      ['invalid_utf8', hex('a1 ff')],
      ['extension', hex('d4 05 00')],
      ['too_deep', hex('91 91 91 90')],
    ];
    for (const [milder, first] of bySeverity.entries()) {
      for (const second of bySeverity.slice(milder)) {
        for (const values of [
          [first[1], second[1]],
          [second[1], first[1]],
        ]) {
          assert.equal(problemOf(Buffer.concat([hex('92'), ...values]), 4), second[0], `${first[0]} and ${second[0]}`);
        }
      }
    }
  });

  test('a problem is forgotten with the next scan', () => {
    const scanner = new MsgpackScanner(2);
    for (const bad of ['c4 01 61', '81 01 02', '91 91 91 c0']) {
      scanner.scan(hex(bad), 0);
      assert.notEqual(scanner.problem, scanProblems.none);
      scanner.scan(hex('81 a161 01'), 0);
      assert.deepEqual([scanner.problem, scanner.mapEntries, scanner.end], [scanProblems.none, 1, 4]);
      assert.throws(() => scanner.scan(hex('92 91'), 0), MalformedMsgpack);
      scanner.scan(hex('92 01 02'), 0);
      assert.deepEqual([scanner.problem, scanner.mapEntries, scanner.end], [scanProblems.none, 0, 3]);
    }
  });
});

describe('nesting', () => {
  const arrays = (levels: number) => Buffer.concat([Buffer.alloc(levels, 0x91), hex('c0')]);
  const maps = (levels: number) => Buffer.concat([...Array<Buffer>(levels).fill(hex('81 a0')), hex('c0')]);

  test(`${DEPTH} levels are taken, one more is too deep`, () => {
    for (const nested of [arrays, maps]) {
      assert.equal(problemOf(nested(DEPTH)), 'none');
      assert.equal(problemOf(nested(DEPTH + 1)), 'too_deep');
    }
  });

  test('an empty map or array is a level', () => {
    const inside = (levels: number, innermost: string) => Buffer.concat([Buffer.alloc(levels, 0x91), hex(innermost)]);
    for (const empty of ['80', '90', 'dc0000', 'dd00000000', 'de0000', 'df00000000']) {
      assert.equal(problemOf(inside(DEPTH - 1, empty)), 'none', empty);
      assert.equal(problemOf(inside(DEPTH, empty)), 'too_deep', empty);
    }
  });

  test('what follows something too deep is scanned as ever', () => {
    const tooDeep = arrays(DEPTH);
    assert.equal(problemOf(Buffer.concat([hex('93'), tooDeep, hex('92 a161 81 a162 01'), hex('c0')])), 'too_deep');
    assertMalformed(Buffer.concat([hex('93'), tooDeep, hex('01')]), 'an element short');
    assertMalformed(Buffer.concat([hex('92'), tooDeep, hex('c1')]), '0xc1 behind it');
  });

  for (const levels of [10_000, 1_000_000]) {
    test(`${levels} levels are passed over in a moment`, () => {
      for (const nested of [
        arrays(levels),
        maps(levels),
        Buffer.concat([Buffer.alloc(levels, 0x92), Buffer.alloc(levels + 1, 0xc0)]),
      ]) {
        const startedMs = performance.now();
        assert.equal(problemOf(nested), 'too_deep');
        const tookMs = performance.now() - startedMs;
        assert.ok(tookMs < 1_000, `${tookMs} ms for ${nested.length} bytes`);
      }
    });
  }

  test('a million levels without an end are malformed in a moment', () => {
    for (const byte of [0x81, 0x91, 0x9f]) {
      const startedMs = performance.now();
      assertMalformed(Buffer.alloc(1_000_000, byte), `0x${byte.toString(16)}`);
      assert.ok(performance.now() - startedMs < 1_000);
    }
  });
});

describe('headers that lie', () => {
  test('a header that promises more than there are bytes is malformed at once', () => {
    for (const bytes of [
      'df ffffffff',
      'dd ffffffff',
      'de ffff',
      'dc ffff',
      '8f',
      '9f',
      'df ffffffff a161 01',
      'dd 00000003 c0 c0',
    ]) {
      assertMalformed(hex(bytes), bytes);
    }
  });

  test('as many elements as bytes is the most a header can promise', () => {
    assert.equal(problemOf(Buffer.concat([tagged(0xdd, 4, 1_000), Buffer.alloc(1_000, 0xc0)])), 'none');
    assertMalformed(Buffer.concat([tagged(0xdd, 4, 1_001), Buffer.alloc(1_000, 0xc0)]), 'one more');
    assert.equal(problemOf(Buffer.concat([tagged(0xdf, 4, 500), ...Array<Buffer>(500).fill(hex('a0 c0'))])), 'none');
    assertMalformed(Buffer.concat([tagged(0xdf, 4, 501), ...Array<Buffer>(500).fill(hex('a0 c0'))]), 'one more');
  });

  test('lies inside what is too deep are found as well', () => {
    const tooDeep = Buffer.alloc(DEPTH + 1, 0x91);
    assertMalformed(Buffer.concat([tooDeep, hex('dd ffffffff')]), 'array 32');
    assertMalformed(Buffer.concat([tooDeep, hex('92 c0')]), 'an element short');
    assertMalformed(Buffer.concat([tooDeep, hex('a5 61')]), 'a string cut short');
  });

  test('a frame of nested headers that each promise all the rest takes a moment', () => {
    const bytes = Buffer.alloc(1_000_000);
    for (let position = 0; position + 5 <= bytes.length; position += 5) {
      tagged(0xdd, 4, bytes.length - position - 5).copy(bytes, position);
    }
    const startedMs = performance.now();
    assertMalformed(bytes, 'there are never that many');
    assert.ok(performance.now() - startedMs < 1_000);
  });

  test('strings, binaries and extensions longer than the frame are malformed', () => {
    for (const bytes of [
      'bf 61',
      'd9 ff 61',
      'da ffff 61',
      'db ffffffff 61',
      'c4 ff 61',
      'c6 ffffffff 61',
      'c9 ffffffff 05 61',
    ]) {
      assertMalformed(hex(bytes), bytes);
    }
  });
});

test('a million keys are scanned in a moment', () => {
  const bytes = Buffer.concat([tagged(0xdf, 4, 1_000_000), ...Array<Buffer>(1_000_000).fill(hex('a161 01'))]);
  const scanner = new MsgpackScanner(DEPTH);
  const startedMs = performance.now();
  scanner.scan(bytes, 0);
  assert.ok(performance.now() - startedMs < 2_000);
  assert.equal(scanner.mapEntries, 1_000_000);
});
