import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { limits } from '../../shared/limits.ts';
import { parseFilter } from '../../shared/messages/filter.ts';

const texts = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

describe('a filter', () => {
  test('that is absent, nil or empty lets everything through', () => {
    for (const value of [undefined, null, {}]) assert.deepEqual(parseFilter(value), {});
    const allNil = { since: null, until: undefined, types: null, sources: null, actions: null };
    assert.deepEqual(parseFilter(allNil), {});
  });

  test('keeps each condition', () => {
    const filter = { since: 0, until: 1.5, types: ['a'], sources: ['b', 'c'], actions: ['', '__proto__'] };
    assert.deepEqual(parseFilter(filter), filter);
    assert.deepEqual(parseFilter({ since: -1e300, until: Number.MAX_VALUE }), {
      since: -1e300,
      until: Number.MAX_VALUE,
    });
  });

  test('takes one text for a list of one', () => {
    for (const name of ['types', 'sources', 'actions'])
      assert.deepEqual(parseFilter({ [name]: 'a' }), { [name]: ['a'] });
  });

  test(`takes lists of 1 to ${limits.filterValues} values`, () => {
    for (const name of ['types', 'sources', 'actions']) {
      for (const count of [1, limits.filterValues]) {
        assert.deepEqual(parseFilter({ [name]: texts(count) }), { [name]: texts(count) });
      }
    }
  });

  for (const name of ['types', 'sources', 'actions']) {
    for (const value of [[], texts(limits.filterValues + 1), [1], ['a', null], 5, true, { 0: 'a' }, [['a']]]) {
      test(`is refused for ${name}: ${JSON.stringify(value).slice(0, 40)}`, () => {
        assert.throws(() => parseFilter({ [name]: value }), {
          code: 'invalid_request',
          message: new RegExp(`\\b${name}\\b`),
        });
      });
    }
  }

  for (const name of ['since', 'until']) {
    for (const value of ['1', Number.NaN, Number.POSITIVE_INFINITY, 5n, true, [], {}]) {
      test(`is refused for ${name}: ${inspect(value)}`, () => {
        assert.throws(() => parseFilter({ [name]: value }), {
          code: 'invalid_request',
          message: new RegExp(`\\b${name}\\b`),
        });
      });
    }
  }

  test('is refused for a condition it does not know, whatever its value', () => {
    for (const name of ['type', 'kind', 'constructor', 'text', '__proto__']) {
      for (const value of [null, 'x']) {
        const filter = Object.fromEntries([[name, value]]);
        assert.throws(() => parseFilter(filter), {
          code: 'invalid_request',
          message: new RegExp(`"${name}".*since.*actions`),
        });
      }
    }
  });

  test('is refused when it is no map', () => {
    for (const value of [5, 'app', [], true]) {
      assert.throws(() => parseFilter(value), { code: 'invalid_request', message: /map/ });
    }
  });
});
