import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encode } from '../../shared/codec.ts';
import { MsgpackWriter } from '../../shared/msgpack-writer.ts';
import { checkProperty } from '../harness/property.ts';
import { inheritedNames, jsonValues } from './json-values.ts';

/** What a new writer makes of a value; undefined when it is not plain. */
function written(value: unknown, at = 0): Buffer | undefined {
  const writer = new MsgpackWriter();
  const end = writer.write(value, at);
  return end < 0 ? undefined : writer.memory.subarray(at, end);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!Array.isArray(value) && (value as { constructor: unknown }).constructor !== Object) return false;
  const inner = Object.values(value);
  return inner.length <= 15 && inner.every(isPlain);
}

describe('MsgpackWriter', () => {
  test('writes the bytes of the codec, or nothing for what is not plain', async (t) => {
    await checkProperty(
      t,
      fc.property(jsonValues, fc.nat(5_000), (value, at) => {
        assert.deepEqual(written(value, at), isPlain(value) ? encode(value) : undefined);
      }),
      1_000,
    );
  });

  test('writes values behind each other, and grows without losing what is there', async (t) => {
    await checkProperty(
      t,
      fc.property(fc.array(jsonValues.filter(isPlain), { minLength: 10, maxLength: 60 }), (values) => {
        const writer = new MsgpackWriter();
        let at = 0;
        for (const value of values) at = writer.write(value, at);
        assert.deepEqual(writer.memory.subarray(0, at), Buffer.concat(values.map((value) => encode(value))));
      }),
      100,
    );
  });

  test('numbers, around each size of a header', () => {
    const powers = [0, 5, 7, 8, 15, 16, 31, 32, 53].map((power) => 2 ** power);
    const near = powers.flatMap((power) => [power - 1, power, power + 1]);
    const numbers = [...near, ...near.map((number) => -number), -0, 0.5, 1e300, NaN, Infinity, -Infinity];
    for (const number of numbers) assert.deepEqual(written(number), encode(number), String(number));
  });

  test('strings around each size of a header, in characters of one to four bytes', () => {
    for (const character of ['a', 'é', '北', '🙂']) {
      for (const bytes of [0, 31, 32, 255, 256, 4_095, 4_096, 65_535, 65_536]) {
        for (const count of [Math.floor(bytes / Buffer.byteLength(character)), bytes]) {
          const text = character.repeat(count);
          assert.deepEqual(written({ [text]: `${text}.` }), encode({ [text]: `${text}.` }));
        }
      }
    }
  });

  test('a value at the end of the memory, whatever room is left', () => {
    for (const value of [1e300, 2 ** 32 - 1, 'text', true, [], {}, null]) {
      for (let at = 2_030; at <= 2_050; at += 1) assert.deepEqual(written(value, at), encode(value));
    }
  });

  test('own keys only, whatever their names, and holes and undefined as nil', () => {
    const names = Object.fromEntries(inheritedNames.filter((name) => name !== 'constructor').map((name) => [name, 1]));
    // oxlint-disable-next-line no-sparse-arrays
    for (const value of [names, Object.create({ inherited: 1 }), { a: undefined }, [, 1], { 2: 0, 1: 0, b: 0, a: 0 }]) {
      assert.deepEqual(written(value), encode(value));
    }
  });

  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  const circular: { self?: unknown } = {};
  circular.self = circular;
  for (const [name, value] of Object.entries({
    'a Map': new Map([['a', 1]]),
    'a Date': new Date(0),
    'a Buffer': Buffer.from('a'),
    'an instance of a class': new (class Point {
      x = 1;
    })(),
    'an object without a prototype': Object.create(null) as unknown,
    'an array of a subclass': new (class List extends Array<number> {})(),
    'a bigint': 1n,
    'a symbol': Symbol('a'),
    'a function': () => 1,
    '16 keys': Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, n])),
    '16 elements': Array(16).fill(0),
    '65 levels': nested(65),
    'a value that holds itself': circular,
    'half a surrogate pair': '\ud83d',
    'the other half, in a long text': `${'a'.repeat(100)}\ude42`,
  })) {
    test(`does not write ${name}, on its own or within`, () => {
      for (const each of [value, [value], { a: { b: value } }]) assert.equal(written(each), undefined);
    });
  }

  test('writes 64 levels', () => {
    assert.deepEqual(written(nested(64)), encode(nested(64)));
  });
});
