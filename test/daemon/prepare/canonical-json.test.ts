import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { canonicalJson } from '../../../daemon/prepare/canonical-json.ts';
import { checkProperty } from '../../harness/property.ts';

/** IEEE 754 bits and their text: RFC 8785, appendix B. */
const numbers: [bits: string, text: string][] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

/** The same value with the keys of every map in an order of the seed's choosing. */
function shuffled(value: unknown, ranks: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, ranks));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner], index) => ({
    rank: ranks[(index + key.length) % ranks.length] ?? 0,
    key,
    inner: shuffled(inner, ranks),
  }));
  return fromEntries(entries.toSorted((a, b) => a.rank - b.rank).map(({ key, inner }) => [key, inner]));
}

/** Object.fromEntries keeps a `__proto__` key as the ordinary key that a decoder here makes of it. */
const fromEntries = (entries: [string, unknown][]) => Object.fromEntries(entries);

const json = fc.letrec((self) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -1.5, 1e21, 5e-324),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.string({ unit: 'binary' }),
    fc.array(self('value'), { maxLength: 4 }),
    self('map'),
  ),
  map: fc
    .array(
      fc.tuple(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '10', '9', '')), self('value')),
      {
        maxLength: 6,
      },
    )
    .map((entries) => fromEntries(entries)),
})).map;

describe('canonicalJson', () => {
  for (const [bits, text] of numbers) {
    test(`prints the number ${bits} as ${text}`, () => {
      assert.equal(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE(0)).text, text);
    });
  }

  test('gives the example of RFC 8785, section 3.2.2', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    assert.equal(
      canonicalJson(value).text,
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('sorts keys by UTF-16 code units, as in RFC 8785, section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    assert.deepEqual(
      [...canonicalJson(value).text.matchAll(/:"([^"]*)"/g)].map(([, name]) => name),
      [
        'Carriage Return',
        'One',
        'Control',
        'Latin Small Letter O With Diaeresis',
        'Euro Sign',
        'Emoji: Grinning Face',
        'Hebrew Letter Dalet With Dagesh',
      ],
    );
  });

  test('does not care for the order of keys, and loses nothing', async (t) => {
    const ranks = fc.array(fc.nat(), { minLength: 7, maxLength: 7 });
    await checkProperty(
      t,
      fc.property(json, ranks, (value, order) => {
        const { text, inOrder, entries } = canonicalJson(value);
        assert.equal(canonicalJson(shuffled(value, order)).text, text);
        // -0 is 0 in JSON.
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(JSON.parse(text)).text, text);
        if (inOrder) assert.equal(text, JSON.stringify(value));
        assert.equal(entries, countEntries(value));
      }),
      500,
    );
  });

  test('says when the keys were not in order, at any level', () => {
    assert.equal(canonicalJson({ a: { b: 1, c: [{ d: 1, e: 2 }] } }).inOrder, true);
    assert.equal(canonicalJson({ b: 1, a: 2 }).inOrder, false);
    assert.equal(canonicalJson({ a: { b: 1, c: [{ e: 1, d: 2 }] } }).inOrder, false);
    // JavaScript has keys that look like array indexes in numeric order, whatever was sent.
    assert.equal(canonicalJson({ 9: 1, 10: 2 }).text, '{"10":2,"9":1}');
    assert.equal(canonicalJson({ 9: 1, 10: 2 }).inOrder, false);
  });
});

function countEntries(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countEntries(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + 1 + countEntries(inner), 0);
}
