import assert from 'node:assert/strict';
import { Stats } from 'node:fs';
import { describe, it } from 'node:test';
import { isFresh, isModified, knownFile } from '../../../client/capture/known-file.ts';
import { isUnlistedAlias } from '../../../client/capture/unlisted-alias.ts';

function stats(values: Partial<Stats>): Stats {
  const base: Partial<Stats> = { ino: 1, size: 10, mtimeMs: 1_000, ctimeMs: 1_000, birthtimeMs: 500 };
  return Object.assign(Object.create(Stats.prototype) as Stats, base, values);
}

describe('isModified', () => {
  const known = knownFile('file', stats({}));
  for (const [what, values, expected] of [
    ['nothing', {}, false],
    ['its size', { size: 11 }, true],
    ['its time', { mtimeMs: 1_000.5 }, true],
    ['its inode', { ino: 2 }, true],
    ['its inode, reused', { birthtimeMs: 900 }, true],
    ['only its mode or links', { ctimeMs: 2_000, mode: 0, nlink: 2 }, false],
  ] as const) {
    it(`is ${expected} when ${what} changed`, () => assert.equal(isModified(known, stats(values)), expected));
  }

  it('is about replacement alone for what is not a file', () => {
    const pipe = knownFile('other', stats({}));
    assert.equal(isModified(pipe, stats({ mtimeMs: 9_000, size: 0 })), false);
    assert.equal(isModified(pipe, stats({ ino: 7 })), true);
  });
});

describe('isFresh', () => {
  for (const [ctimeMs, expected] of [
    [989, false],
    [991, true],
    [1_000, true],
    [1_200, true], // changed while the look waited for its turn
    [1_211, false], // a clock that runs ahead
  ] as const) {
    it(`is ${expected} for a change at ${ctimeMs} when looked at between 1000 and 1200`, () => {
      assert.equal(isFresh(stats({ ctimeMs }), 1_000, 1_200, 10), expected);
    });
  }
});

describe('isUnlistedAlias', () => {
  const entries = new Map([
    ['Foo', knownFile('file', stats({ ino: 1 }))],
    ['foo', knownFile('file', stats({ ino: 1 }))],
    ['bar', knownFile('file', stats({ ino: 1 }))],
    ['e\u0301', knownFile('file', stats({ ino: 3 }))],
  ]);

  it('knows a name that differs by case or Unicode form from a listed one with the same inode', () => {
    assert.equal(isUnlistedAlias('Foo', 1, new Set(['foo']), entries), true);
    assert.equal(isUnlistedAlias('\u00e9', 3, new Set(['e\u0301']), entries), true);
  });

  it('is not fooled by hard links, other inodes or names not known', () => {
    assert.equal(isUnlistedAlias('Foo', 1, new Set(['bar']), entries), false);
    assert.equal(isUnlistedAlias('Foo', 2, new Set(['foo']), entries), false);
    assert.equal(isUnlistedAlias('Foo', 1, new Set(['FOO']), entries), false);
  });
});
