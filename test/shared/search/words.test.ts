import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { plainWords, wordsOf } from '../../../shared/search/words.ts';
import { checkProperty } from '../../harness/property.ts';

/** Each word as it is compared, with its parts behind it. */
const read = (text: string) =>
  wordsOf(text).map(({ whole, parts }) => (parts.length === 0 ? whole : [whole, ...parts].join('+')));

describe('words', () => {
  const cases: [text: string, words: string[]][] = [
    ['report-final.pdf', ['report', 'final', 'pdf']],
    ['/Users/someone/My File_2.txt', ['users', 'someone', 'my', 'file', '2', 'txt']],
    ['https://a.example/b?c=d', ['https', 'a', 'example', 'b', 'c', 'd']],
    ['getUserName', ['getusername+get+user+name']],
    ['HTTPServer2Go', ['httpserver2go+http+server2go']],
    ['report2024Final', ['report2024final+report2024+final']],
    ['D8A5:90FF', ['d8a5', '90ff']],
    ['Été ÉTÉ e\u0301te\u0301', ['ete', 'ete', 'ete']],
    ['Straße ΟΔΟΣ ﬁle Ｆｕｌｌ', ['straße', 'οδοσ', 'file', 'full']],
    ['東京タワーへ', ['東', '京', 'タ', 'ワ', 'ー', 'へ']],
    ['\u1112\u1161\u11ab글', ['한', '글']],
    ['naïve 🎉❤️ 12.5 -7', ['naive', '🎉', '❤', '12', '5', '7']],
    [`% "' \0 \ue000`, []],
    ['x'.repeat(70), ['x'.repeat(64)]],
    [`${'x'.repeat(64)} ${'y'.repeat(65)}`, ['x'.repeat(64), 'y'.repeat(64)]],
    ['Mail — “draft”\tof\nMay…', ['mail', 'draft', 'of', 'may']],
    ['aBcDeFgHiJkLmNoPqR', ['abcdefghijklmnopqr']],
  ];
  for (const [text, words] of cases) {
    test(`of ${JSON.stringify(text.slice(0, 30))}`, () => assert.deepEqual(read(text), words));
  }

  test('are those of the plain form, split as the index splits it', async (t) => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'Z', '9', ' ', '-', '_', '.', 'é', '東', 'Ö', 'X'), maxLength: 200 }),
      // Runs about as long as the longest word, and what plain texts have beyond ASCII.
      fc
        .array(fc.constantFrom('a'.repeat(21), 'b'.repeat(32), '9', 'C', '-', ' ', '—', '’', '\n', 'é', '\u0301'), {
          maxLength: 20,
        })
        .map((pieces) => pieces.join('')),
    );
    await checkProperty(
      t,
      fc.property(text, (value) => {
        const indexed = plainWords(value)
          .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
          .split(/[\0-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+/)
          .filter((word) => word !== '');
        assert.deepEqual(
          indexed,
          wordsOf(value).flatMap(({ whole, parts }) => [whole, ...parts]),
        );
      }),
      2_000,
    );
  });
});
