import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cut, fit, fitRight, shown, widthOf } from '../../../../client/cli/dashboard/cells.ts';

describe('cells', () => {
  test('shown() leaves out what has no place of its own, and makes visible what steers', () => {
    const texts: [text: string, shown: string, width: number][] = [
      ['plain', 'plain', 5],
      ['über', 'über', 4],
      ['漢字', '漢字', 4],
      ['ｱ', 'ｱ', 1],
      ['한글', '한글', 4],
      // The same in its parts.
      ['\u1112\u1161\u11ab', '\u1112\u1161\u11ab', 2],
      ['e\u0301', 'e\u0301', 1],
      [`e${'\u0301'.repeat(20)}`, `e${'\u0301'.repeat(3)}`, 1],
      ['🎵', '🎵', 2],
      ['👨‍👩‍👧', '👨👩👧', 6],
      ['👍🏽', '👍', 2],
      ['❤️', '❤', 1],
      ['🇨🇭', '🇨🇭', 2],
      ['a\u200b\u2060\ufeff\u00adb', 'ab', 2],
      ['\u061cab', 'ab', 2],
      ['\u202eab', '\\u202eab', 8],
      ['\u001b[2J\u009b', '\\u001b[2J\\u009b', 15],
      ['\ud800', '\ufffd', 1],
    ];
    for (const [text, expected, width] of texts) {
      assert.equal(shown(text), expected);
      assert.equal(widthOf(expected), width, JSON.stringify(text));
    }
  });

  test('cut() and fit() count cells, and never halve a wide character', () => {
    assert.equal(cut('abcdef', 6), 'abcdef');
    assert.equal(cut('abcdef', 5), 'abcd…');
    assert.equal(cut('漢字漢字', 8), '漢字漢字');
    assert.equal(cut('漢字漢字', 7), '漢字漢…');
    assert.equal(cut('漢字漢字', 6), '漢字…');
    assert.equal(cut('abc', 0), '');
    assert.equal(fit('漢字漢字', 6), '漢字… ');
    assert.equal(fit('ab', 4), 'ab  ');
    assert.equal(fitRight('ab', 4), '  ab');
  });
});
