import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { type JsonPart, JsonParts } from '../../../../client/cli/import/json-parts.ts';
import { limits } from '../../../../shared/limits.ts';
import { checkProperty } from '../../../harness/property.ts';

const isItem = (path: readonly string[]) => path.at(-1) === 'wanted' || path.at(-1) === '*';

interface Found {
  path: string;
  number: number;
  value: unknown;
}

function partsIn(pieces: readonly Buffer[], isWanted = isItem): Found[] {
  const parts = new JsonParts(isWanted);
  const found: JsonPart[] = [...pieces.flatMap((piece) => parts.push(piece)), ...parts.end()];
  return found.map(({ path, number, bytes }) => ({
    path: path.join('/'),
    number,
    value: bytes && JSON.parse(bytes.toString()),
  }));
}

const bytewise = (text: string) => Array.from(Buffer.from(text), (byte) => Buffer.from([byte]));

/** The same by JSON.parse. */
function walk(value: unknown, path: readonly string[], number: number): Found[] {
  if (isItem(path)) return [{ path: path.join('/'), number, value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, [...path, '*'], index + 1));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => walk(item, [...path, key], 0));
}

describe('the parts of a JSON document', () => {
  test('are those that JSON.parse finds, in pieces of any size', async (t) => {
    const key = fc.oneof(fc.constantFrom('wanted', 'a', 'é"\\', ''), fc.string());
    const { value: document } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    await checkProperty(
      t,
      fc.property(document, fc.constantFrom(0, 1, 3), fc.array(fc.nat(40)), (value, indent, sizes) => {
        const text = JSON.stringify(value, null, indent);
        const bytes = Buffer.from(text);
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes[pieces.length % Math.max(sizes.length, 1)] ?? 7;
          pieces.push(bytes.subarray(at, at + size + 1));
          at += size + 1;
        }
        const expected = walk(JSON.parse(text), [], 0);
        assert.deepEqual(partsIn(pieces), expected);
        assert.deepEqual(partsIn(bytewise(text)), expected);
      }),
      300,
    );
  });

  test('of a document that is cut short are given, and then it throws', () => {
    const text = ' {"a": [1, {"x": "]}\\""}, "t"], "wanted": {"b": [true]}, "z": -1.5e3}';
    for (let length = 0; length < text.length; length += 1) {
      const parts = new JsonParts(isItem);
      const found = parts.push(Buffer.from(text.slice(0, length)));
      assert.ok(found.length <= 4);
      assert.throws(() => parts.end(), /ends early/, text.slice(0, length));
    }
    assert.equal(partsIn([Buffer.from(text)]).length, 4);
  });

  test('a document that is no JSON is refused where it stops being one', () => {
    for (const text of [
      '{]',
      '[}',
      '{"a" 1}',
      '{"a":1 "b":2}',
      '[1 2]',
      '[,1]',
      '[1,]',
      '{"a":1,}',
      '{1:2}',
      '[]]',
      '{} {}',
    ]) {
      assert.throws(() => partsIn(bytewise(text)), /not JSON from byte \d+ on/, text);
    }
    assert.throws(() => partsIn([Buffer.from('{"a\\x":1}')]), /a key that is not JSON/);
    assert.throws(() => partsIn([Buffer.from('['.repeat(100_000))], () => false), /not JSON/);
  });

  test('a value longer than a frame is counted and not kept', () => {
    const long = Buffer.from(`"${'x'.repeat(limits.frameBytes)}"`);
    const found = partsIn([Buffer.from('[1,'), long, Buffer.from(',3]')]);
    assert.deepEqual(found, [
      { path: '*', number: 1, value: 1 },
      { path: '*', number: 2, value: undefined },
      { path: '*', number: 3, value: 3 },
    ]);
  });

  test('a byte order mark is passed over', () => {
    assert.deepEqual(partsIn(bytewise('\uFEFF [1]')), [{ path: '*', number: 1, value: 1 }]);
  });
});
