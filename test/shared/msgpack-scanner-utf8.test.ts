import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { checkProperty } from '../harness/property.ts';
import { tagged } from './msgpack-forms.ts';
import { hex, problemOf, type ProblemName } from './scan-problem.ts';

describe('UTF-8', () => {
  const bad: [string, string][] = [
    ['a lone continuation byte', '80'],
    ['0xff', 'ff'],
    ['a sequence cut after one byte', 'c3'],
    ['a sequence cut after two', 'e282'],
    ['a sequence cut after three', 'f09f99'],
    ['a lead byte and then ASCII', 'c341'],
    ['overlong NUL in two', 'c080'],
    ['overlong slash in two', 'c0af'],
    ['overlong in three', 'e08080'],
    ['overlong in four', 'f0808080'],
    ['a high surrogate', 'eda080'],
    ['a low surrogate', 'edb080'],
    ['a surrogate pair in two sequences', 'eda0bdedb982'],
    ['past the last code point', 'f4908080'],
    ['a sequence of five', 'f888808080'],
  ];
  const good: [string, string][] = [
    ['NUL', '00'],
    ['two bytes', 'c3a9'],
    ['three bytes', 'e58c97'],
    ['four bytes', 'f09f9982'],
    ['byte order mark', 'efbbbf'],
    ['a noncharacter', 'efbfbf'],
    ['last before the surrogates', 'ed9fbf'],
    ['first behind the surrogates', 'ee8080'],
    ['the last code point', 'f48fbfbf'],
  ];
  /** A string with this in it, for every header that can hold it: alone, first, in the middle and last. */
  function* stringsWith(part: Buffer): Generator<Buffer> {
    for (const around of [0, 1, 60, 120, 126, 128, 200, 300, 70_000]) {
      const padding = Buffer.alloc(around, 0x61);
      const half = padding.subarray(around >> 1);
      for (const text of [
        Buffer.concat([part, padding]),
        Buffer.concat([half, part, half]),
        Buffer.concat([padding, part]),
      ]) {
        if (text.length < 32) yield Buffer.concat([Buffer.from([0xa0 | text.length]), text]);
        if (text.length < 256) yield Buffer.concat([tagged(0xd9, 1, text.length), text]);
        if (text.length < 65_536) yield Buffer.concat([tagged(0xda, 2, text.length), text]);
        yield Buffer.concat([tagged(0xdb, 4, text.length), text]);
      }
    }
  }
  for (const [name, bytes, problem] of [
    ...bad.map(([what, text]) => [what, hex(text), 'invalid_utf8'] as const),
    ...good.map(([what, text]) => [what, hex(text), 'none'] as const),
  ]) {
    test(`${name}: ${problem}`, () => {
      for (const string of stringsWith(bytes)) {
        assert.equal(problemOf(string), problem, `${string.length} bytes`);
        assert.equal(
          problemOf(Buffer.concat([hex('81'), string, hex('01')])),
          problem,
          `a key of ${string.length} bytes`,
        );
      }
    });
  }

  test('a sequence that goes on in the next value is not valid', () => {
    assert.equal(problemOf(hex('92 a1c3 a1a9')), 'invalid_utf8');
  });

  test('agrees with a decoder about any bytes', async (t) => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const nearlyUtf8 = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 150 }), fc.nat(200), fc.integer({ min: 0, max: 255 }))
      .map(([text, position, value]) => {
        const bytes = Buffer.from(text, 'utf8');
        if (bytes.length > 0) bytes[position % bytes.length] = value;
        return bytes;
      });
    await checkProperty(
      t,
      fc.property(
        fc.oneof(
          nearlyUtf8,
          fc.uint8Array({ maxLength: 40 }).map((random) => Buffer.from(random)),
        ),
        (bytes) => {
          let problem: ProblemName = 'none';
          try {
            decoder.decode(bytes);
          } catch {
            problem = 'invalid_utf8';
          }
          assert.equal(problemOf(Buffer.concat([tagged(0xda, 2, bytes.length), bytes])), problem);
        },
      ),
      2_000,
    );
  });
});
