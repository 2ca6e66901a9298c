import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { limits } from '../../shared/limits.ts';
import { parseFilter } from '../../shared/messages/filter.ts';

const texts = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

describe('a filter', () => {
  test('that is absent, nil or empty lets everything through', () => {
    for (const value of [undefined, null, {}]) assert.deepEqual(parseFilter(value), {});
    const allNil = {
      since: null,
      until: undefined,
      types: null,
      sources: null,
      actions: null,
      where: null,
      processed: null,
    };
    assert.deepEqual(parseFilter(allNil), {});
  });

  test('keeps each condition', () => {
    const filter = { since: 0, until: 1.5, types: ['a'], sources: ['b', 'c'], actions: ['', '__proto__'] };
    assert.deepEqual(parseFilter(filter), filter);
    for (const processed of [true, false]) assert.deepEqual(parseFilter({ processed }), { processed });
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

  test('keeps conditions on values', () => {
    const where = [
      { path: ['data', 'path'], op: '~', value: '/Projects/' },
      { path: ['data', 'files', 0, ''], op: 'exists' },
      { path: ['data', 'size'], op: '<', value: -1.5 },
      { path: ['type'], op: '!=', value: null },
    ];
    assert.deepEqual(parseFilter({ where }), { where });
    assert.deepEqual(parseFilter({ where: [{ path: ['id'], op: 'exists', value: null }] }), {
      where: [{ path: ['id'], op: 'exists' }],
    });
  });

  const path = ['data', 'a'];
  const refused: [where: unknown, message: RegExp][] = [
    ['data.a = 1', /where must be a list/],
    [[], /where must be a list of 1 to 64/],
    [Array.from({ length: limits.filterValues + 1 }, () => ({ path, op: 'exists' })), /where must be a list/],
    [['data.a = 1'], /a condition must be a map/],
    [[{ path, op: '=', value: 1, also: 2 }], /"also" in a condition/],
    [[{ path: 'data.a', op: '=', value: 1 }], /path .* list of 1 to 64/],
    [[{ path: [], op: '=', value: 1 }], /path .* list of 1 to 64/],
    [[{ path: ['data', -1], op: '=', value: 1 }], /path .* list/],
    [[{ path: ['data', 0.5], op: '=', value: 1 }], /path .* list/],
    [[{ path: ['data', null], op: '=', value: 1 }], /path .* list/],
    [[{ path: ['path'], op: '=', value: 1 }], /begin with one of: id, type/],
    [[{ path: [0], op: '=', value: 1 }], /begin with one of/],
    [[{ path, value: 1 }], /op must be one of/],
    [[{ path, op: '==', value: 1 }], /op must be one of/],
    [[{ path, op: '=' }], /value of a condition with =/],
    [[{ path, op: '=', value: [1] }], /value of a condition with =/],
    [[{ path, op: '<', value: null }], /with < must be one of: string, number/],
    [[{ path, op: '~', value: 1 }], /with ~ must be one of: string/],
    [[{ path, op: 'exists', value: true }], /exists has no value/],
  ];
  for (const [where, message] of refused) {
    test(`is refused for where: ${JSON.stringify(where).slice(0, 60)}`, () => {
      assert.throws(() => parseFilter({ where }), { code: 'invalid_request', message });
    });
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
