import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { EventConditions } from '../../../daemon/query/event-conditions.ts';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import type { Json, StoredEvent } from '../../../shared/event.ts';
import {
  type Condition,
  type ConditionOperator,
  conditionOperators,
  type Scalar,
} from '../../../shared/messages/condition.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = (data: StoredEvent['data']): StoredEvent => ({
  id: 7,
  type: 'file_op',
  source: 'fs',
  timestamp: 5,
  data,
});

/** What a filter says about an event with these data, as a page would: first about the JSON text, then the event. */
function holds(condition: Condition, data: StoredEvent['data']): boolean {
  const conditions = new EventConditions([condition]);
  const held = conditions.hold(event(data));
  if (held) assert.ok(conditions.mayHold(JSON.stringify(data)), 'what holds must not be ruled out');
  return held;
}

const data = {
  path: '/Projects/a "b"\\c\n\u0001é😀',
  size: 10,
  ratio: 0.5,
  isNew: false,
  nothing: null,
  list: ['x', 7, null, { deep: ['y'] }],
  map: { '0': 'zero', '': 'empty', 'a.b': 1, length: 3 },
  constructor: 'own',
};

describe('a condition', () => {
  const cases: [path: Condition['path'], op: ConditionOperator, value: Scalar | undefined, holds: boolean][] = [
    [['size'], '=', 10, true],
    [['size'], '=', '10', false],
    [['size'], '!=', 10, false],
    [['size'], '!=', '10', true],
    [['size'], '<', 10, false],
    [['size'], '<=', 10, true],
    [['size'], '>', 9.5, true],
    [['size'], '>=', 11, false],
    [['size'], '<', '9', false],
    [['path'], '<', '/Q', true],
    [['path'], '>=', '/Projects/a', true],
    [['path'], '>', 1, false],
    [['path'], '~', '/Projects/', true],
    [['path'], '~', '/projects/', false],
    [['path'], '~', '"b"\\c\n\u0001é😀', true],
    [['path'], '=', data.path, true],
    [['path'], '~', '', true],
    [['size'], '~', '1', false],
    [['list'], '~', 'x', true],
    [['list'], '~', '7', false],
    [['list'], '~', 'y', false],
    [['list', 1], '=', 7, true],
    [['list', 3, 'deep', 0], '=', 'y', true],
    [['list', 4], 'exists', undefined, false],
    [['list', 'length'], 'exists', undefined, false],
    [['map', '0'], '=', 'zero', true],
    [['map', 0], '=', 'zero', false],
    [['map', ''], '=', 'empty', true],
    [['map', 'a.b'], '=', 1, true],
    [['map', 'length'], '>', 2, true],
    [['map'], 'exists', undefined, true],
    [['map'], '=', 'zero', false],
    [['map'], '!=', 'zero', true],
    [['nothing'], 'exists', undefined, true],
    [['nothing'], '=', null, true],
    [['nothing'], '!=', null, false],
    [['nothing'], '<', 1, false],
    [['isNew'], '=', false, true],
    [['constructor'], '=', 'own', true],
    [['toString'], 'exists', undefined, false],
    [['path', 'length'], 'exists', undefined, false],
  ];
  for (const [path, op, value, expected] of cases) {
    test(`${path.join('.')} ${op} ${JSON.stringify(value) ?? ''} ${expected ? 'holds' : 'does not hold'}`, () => {
      assert.equal(holds({ path: ['data', ...path], op, ...(value !== undefined && { value }) }, data), expected);
    });
  }

  test('does not hold for a value that is not there, whatever it says of it', () => {
    for (const op of conditionOperators) {
      assert.equal(holds({ path: ['data', 'missing'], op, value: 'x' }, data), false, op);
      assert.equal(holds({ path: ['action'], op, value: 'x' }, data), false, op);
    }
  });

  test('looks at every field of an event', () => {
    const found = (path: string, op: ConditionOperator, value: Scalar) => holds({ path: [path], op, value }, {});
    assert.deepEqual(
      [found('id', '=', 7), found('type', '~', '_op'), found('source', '=', 'fs'), found('timestamp', '<', 6)],
      [true, true, true, true],
    );
  });

  test('finds by `=` whatever value JSON can keep, in the database too', async (t) => {
    using database = new TemporaryDatabase();
    const pages = new EventPages(database.db);
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const key = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('toJSON', 'length', 'a"b', '\\'));
    let n = 0;
    await checkProperty(
      t,
      fc.property(key, scalar, (name, value) => {
        if (name === '__proto__' || name === 'n') return;
        n += 1;
        database.append([
          { type: 't', source: 's', timestamp: n, data: { [name]: value, n } as { [key: string]: Json } },
        ]);
        const where: Condition[] = [
          { path: ['data', 'n'], op: '=', value: n },
          { path: ['data', name], op: '=', value },
        ];
        const since = n;
        assert.equal(pages.page({ filter: { since, where }, order: 'asc', limit: 2 }).events.length, 1);
        const other: Condition[] = [{ path: ['data', name], op: '!=', value }];
        assert.equal(pages.page({ filter: { since, where: other }, order: 'asc', limit: 2 }).events.length, 0);
      }),
      100,
    );
  });
});

describe('conditions', () => {
  test('find in payloads that are kept compressed, and must all hold', () => {
    using database = new TemporaryDatabase();
    const long = 'lorem ipsum '.repeat(2_000);
    database.append(
      [0, 1, 2, 3].map((n) => ({ type: 't', source: 's', timestamp: n, data: { text: `${long}${n % 2}`, n } })),
    );
    const pages = new EventPages(database.db);
    const found = (...where: Condition[]) =>
      pages.page({ filter: { where }, order: 'asc', limit: 10 }).events.map(({ id }) => id);
    const isOdd: Condition = { path: ['data', 'text'], op: '~', value: 'ipsum 1' };
    assert.deepEqual(found(isOdd), [2, 4]);
    assert.deepEqual(found(isOdd, { path: ['data', 'n'], op: '>', value: 1 }), [4]);
    assert.deepEqual(
      pages.arrivals(0, { where: [isOdd] }, 10).events.map(({ id }) => id),
      [2, 4],
    );
  });

  test('end a page when its time is up, also in the middle of a window', (t) => {
    using database = new TemporaryDatabase();
    database.append(Array.from({ length: 50 }, (_, n) => ({ type: 't', source: 's', timestamp: n, data: { n } })));
    const pages = new EventPages(database.db);
    let nowMs = 0;
    t.mock.method(performance, 'now', () => (nowMs += 300));
    const where: Condition[] = [{ path: ['data', 'n'], op: '>=', value: 40 }];
    let cursor: string | undefined;
    const found: number[] = [];
    for (let count = 1; ; count += 1) {
      const page = pages.page({ filter: { where }, order: 'asc', limit: 5, ...(cursor !== undefined && { cursor }) });
      found.push(...page.events.map(({ id }) => id));
      if (page.cursor === null) {
        assert.ok(count > 10, `${count} pages`);
        break;
      }
      cursor = page.cursor;
    }
    assert.deepEqual(found, [41, 42, 43, 44, 45, 46, 47, 48, 49, 50]);
  });
});
