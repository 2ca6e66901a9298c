import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode, encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';
import { describeExactness } from './codec-exactness.ts';
import { int64, uint64 } from './msgpack-forms.ts';

const hex = (value: unknown) => encode(value).toString('hex');
const fromHex = (text: string) => decode(Buffer.from(text, 'hex'));

describeExactness();

describe('encode', () => {
  test('takes the shortest form, and float 64 for what has no 32-bit integer', () => {
    const forms: [unknown, string][] = [
      [null, 'c0'],
      [undefined, 'c0'],
      [true, 'c3'],
      [0, '00'],
      [-0, '00'],
      [127, '7f'],
      [128, 'cc80'],
      [256, 'cd0100'],
      [65_536, 'ce00010000'],
      [2 ** 32 - 1, 'ceffffffff'],
      [2 ** 32, 'cb41f0000000000000'],
      [-1, 'ff'],
      [-32, 'e0'],
      [-33, 'd0df'],
      [-129, 'd1ff7f'],
      [-32_769, 'd2ffff7fff'],
      [-(2 ** 31), 'd280000000'],
      [-(2 ** 31) - 1, 'cbc1e0000000200000'],
      [0.5, 'cb3fe0000000000000'],
      ['', 'a0'],
      [[], '90'],
      [{}, '80'],
      [{ a: undefined }, '81a161c0'],
      [5n, 'd30000000000000005'],
      [2n ** 63n, 'cf8000000000000000'],
    ];
    for (const [value, bytes] of forms) assert.equal(hex(value), bytes, String(value));
  });

  test('writes 15 and 16 entries, and 15 and 16 elements, with the header that fits', () => {
    const map = (size: number) => Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, index]));
    assert.equal(encode(map(15))[0], 0x8f);
    assert.equal(hex(map(16)).slice(0, 6), 'de0010');
    assert.equal(hex(map(65_536)).slice(0, 10), 'df00010000');
    assert.equal(encode(Array(15).fill(0))[0], 0x9f);
    assert.equal(hex(Array(16).fill(0)).slice(0, 6), 'dc0010');
    assert.equal(hex(Array(65_536).fill(0)).slice(0, 10), 'dd00010000');
  });

  const circular: { [key: string]: unknown } = {};
  circular['self'] = circular;
  for (const [name, value] of [
    ['a symbol', Symbol('x')],
    ['a function', () => undefined],
    ['an integer beyond 64 bits', 2n ** 64n],
    ['a value that holds itself', circular],
  ] as const) {
    test(`throws for ${name}, and goes on as if nothing had been`, () => {
      assert.throws(() => encode({ before: 1, value }), Error);
      assert.equal(hex({ a: 1 }), '81a16101');
    });
  }

  test('a lone surrogate is never changed into something else without a word', () => {
    const scanner = new MsgpackScanner(limits.nestingDepth);
    for (const surrogate of ['\ud83d', '\ude42', '\ude42\ud83d']) {
      for (const padding of [0, 20, 62, 63, 64, 200, 70_000]) {
        for (const text of ['a'.repeat(padding) + surrogate, surrogate + 'é'.repeat(padding)]) {
          for (const value of [text, { [text]: 1 }, ['x', { a: text }]]) {
            let bytes: Buffer;
            try {
              bytes = encode(value);
            } catch {
              continue;
            }
            scanner.scan(bytes, 0);
            assert.equal(scanner.problem, scanProblems.invalid_utf8, `${padding} characters beside it`);
          }
        }
      }
    }
  });
});

describe('decode', () => {
  test('gives numbers where they are exact and bigint beyond', () => {
    const safe = BigInt(Number.MAX_SAFE_INTEGER);
    assert.equal(decode(uint64(safe)), Number.MAX_SAFE_INTEGER);
    assert.equal(decode(int64(-safe)), -Number.MAX_SAFE_INTEGER);
    assert.equal(decode(uint64(2n ** 64n - 1n)), 2n ** 64n - 1n);
    assert.equal(decode(int64(-(2n ** 63n))), -(2n ** 63n));
  });

  test('keeps -0 and reads float 32 as the number it is', () => {
    assert.ok(Object.is(fromHex('cb8000000000000000'), -0));
    assert.equal(fromHex('ca3dcccccd'), Math.fround(0.1));
  });

  test('throws when there is nothing, too little or too much', () => {
    for (const text of ['', 'd9', 'd905', 'a3616', '92c0', '81a161', 'cd01', 'cb0000', '0101', '80c0', '90a0']) {
      assert.throws(() => fromHex(text), Error, text);
    }
    const exact = encode(JSON.parse('{"__proto__":1}'));
    assert.throws(() => decode(Buffer.concat([exact, Buffer.from([0])])));
    assert.throws(() => decode(exact.subarray(0, -1)));
  });

  test('reads a Uint8Array that is part of something larger', () => {
    const bytes = new Uint8Array([0xff, ...encode({ a: ['é'] }), 0xff]);
    assert.deepStrictEqual(decode(bytes.subarray(1, -1)), { a: ['é'] });
  });

  test('what it returns does not change with the bytes it came from', () => {
    const bytes = Buffer.from(encode({ text: 'a'.repeat(100), bytes: Buffer.from('abc') }));
    const value = decode(bytes) as { text: string; bytes: Buffer };
    bytes.fill(0);
    assert.equal(value.text, 'a'.repeat(100));
    assert.deepEqual([...value.bytes], [0x61, 0x62, 0x63]);
  });
});
