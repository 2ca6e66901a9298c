import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decode, decodeSequence, encode } from '../../shared/codec.ts';
import { checkProperty } from '../harness/property.ts';
import { finiteNumbers, inheritedNames, jsonValues, texts, withoutMinusZero } from './json-values.ts';
import { encodeInSomeForm } from './msgpack-forms.ts';

/** What must hold of the codec with and without the native string extraction. */
export function describeExactness(): void {
  describe('encode and decode', () => {
    test('every JSON value comes back as it was', async (t) => {
      await checkProperty(
        t,
        fc.property(jsonValues, (value) => assert.deepStrictEqual(decode(encode(value)), withoutMinusZero(value))),
        1_000,
      );
    });

    test('every form of a JSON value is read as the same value', async (t) => {
      await checkProperty(
        t,
        fc.property(jsonValues, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (value, choices) =>
          assert.deepStrictEqual(decode(encodeInSomeForm(value, choices).bytes), value),
        ),
        1_000,
      );
    });

    test('a value is read from the middle of other bytes', async (t) => {
      const padding = fc.uint8Array({ maxLength: 40 });
      await checkProperty(
        t,
        fc.property(jsonValues, padding, padding, (value, before, behind) => {
          const bytes = encode(value);
          const whole = Buffer.concat([before, bytes, behind]);
          const part = whole.subarray(before.length, before.length + bytes.length);
          assert.deepStrictEqual(decode(part), withoutMinusZero(value));
        }),
        500,
      );
    });

    test('values back to back come back one by one, and cut short not at all', async (t) => {
      await checkProperty(
        t,
        fc.property(fc.array(jsonValues, { minLength: 1, maxLength: 10 }), fc.nat(), (values, cut) => {
          const encoded = values.map((value) => encode(value));
          const whole = Buffer.concat(encoded);
          assert.deepStrictEqual(decodeSequence(whole), values.map(withoutMinusZero));
          const lastBytes = encoded.at(-1)?.length ?? 0;
          if (lastBytes < 2) return;
          assert.throws(() => decodeSequence(whole.subarray(0, whole.length - 1 - (cut % (lastBytes - 1)))));
        }),
        500,
      );
    });

    test('many strings in one value, short and long, each come back', async (t) => {
      await checkProperty(
        t,
        fc.property(fc.array(texts, { minLength: 100, maxLength: 400 }), (list) => {
          assert.deepStrictEqual(decode(encode({ list, last: 'end' })), { list, last: 'end' });
        }),
        30,
      );
    });

    test('every number comes back as it was, but for the sign of zero', async (t) => {
      await checkProperty(
        t,
        fc.property(finiteNumbers, (number) => assert.equal(decode(encode(number)), number === 0 ? 0 : number)),
        1_000,
      );
    });

    test('every string of whole characters comes back code unit by code unit', async (t) => {
      await checkProperty(
        t,
        fc.property(texts, (text) => assert.equal(decode(encode(text)), text)),
        1_000,
      );
    });

    test('strings around each size of a header, in characters of one to four bytes', () => {
      for (const character of ['a', 'é', '北', '🙂']) {
        const bytesEach = Buffer.byteLength(character);
        for (const bytes of [0, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 70_000]) {
          for (const count of [Math.floor(bytes / bytesEach), Math.ceil(bytes / bytesEach)]) {
            const text = character.repeat(count);
            assert.equal(decode(encode(text)), text);
            assert.deepEqual(decode(encode({ [text]: [text] })), { [text]: [text] });
          }
        }
      }
    });

    test('an earlier result stays what it was when more is encoded', async (t) => {
      await checkProperty(
        t,
        fc.property(fc.array(jsonValues, { minLength: 2, maxLength: 30 }), (values) => {
          const encoded = values.map((value) => ({ value, bytes: encode(value) }));
          for (const { value, bytes } of encoded) assert.deepStrictEqual(decode(bytes), withoutMinusZero(value));
        }),
        100,
      );
    });
  });

  describe('names that objects have anyway', () => {
    const entries = inheritedNames.map((name, index) => [name, index] as const);

    test('are ordinary keys, at every depth, and touch no prototype', () => {
      const value = Object.fromEntries([...entries, ['inner', [Object.fromEntries(entries)]]]);
      const decoded = decode(encode(value));
      assert.deepStrictEqual(decoded, value);
      assert.deepEqual(Object.keys(decoded as object), Object.keys(value));
      assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
      assert.equal(Object.hasOwn(Object.prototype, 'inner'), false);
    });

    test('__proto__ with a map as its value is data', () => {
      const value = JSON.parse('{"__proto__":{"polluted":true},"list":[{"__proto__":null}]}') as object;
      assert.deepStrictEqual(decode(encode(value)), value);
      assert.equal('polluted' in (decode(encode(value)) as object), false);
      assert.equal('polluted' in {}, false);
    });

    test('__proto__ in a string is nothing special', () => {
      assert.deepStrictEqual(decode(encode({ text: 'a __proto__ b' })), { text: 'a __proto__ b' });
    });

    test('constructor and toJSON, with whatever values, are data', () => {
      for (const constructor of ['x', 1, null, {}, { name: 'Map' }, []]) {
        for (const toJSON of ['y', 1, null, {}, []]) {
          const value = { constructor, toJSON, rest: 1 };
          assert.deepStrictEqual(decode(encode(value)), value);
        }
      }
    });
  });
}
