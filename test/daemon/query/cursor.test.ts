import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { decodeCursor, encodeCursor } from '../../../daemon/query/cursor.ts';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import { orders } from '../../../shared/messages/query.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const database = '3f0e9c5a-0000-4000-8000-000000000000';
const invalidCursor = { name: 'DaybookError', code: 'invalid_cursor' };

describe('a cursor', () => {
  test('gives back exactly the position it was made from', async (t) => {
    const seconds = fc.double({ min: 0, max: 253_402_300_799, noNaN: true });
    const position = fc.tuple(seconds, fc.maxSafeNat()).map(([timestamp, id]) => ({ timestamp: timestamp + 0, id }));
    await checkProperty(
      t,
      fc.property(position, fc.constantFrom(...orders), (from, order) => {
        assert.deepEqual(decodeCursor(encodeCursor(database, order, from), database, order), from);
      }),
      300,
    );
  });

  test('is only good for its database and its order', () => {
    const cursor = encodeCursor(database, 'asc', { timestamp: 1, id: 2 });
    assert.throws(() => decodeCursor(cursor, `${database}0`, 'asc'), { ...invalidCursor, message: /another database/ });
    assert.throws(() => decodeCursor(cursor, database, 'desc'), { ...invalidCursor, message: /order asc/ });
  });

  const base64 = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const garbage: [string, string][] = [
    ['nothing', ''],
    ['words', 'not a cursor'],
    ['base64 of no JSON', Buffer.from('{').toString('base64url')],
    ['null', base64(null)],
    ['a map', base64({ length: 4, 0: database, 1: 'asc', 2: 1, 3: 2 })],
    ['too few parts', base64([database, 'asc', 1])],
    ['too many parts', base64([database, 'asc', 1, 2, 3])],
    ['a timestamp that is text', base64([database, 'asc', '1', 2])],
    ['an id that is null', base64([database, 'asc', 1, null])],
    ['a list as the database', base64([[database], 'asc', 1, 2])],
    ['a cut cursor', encodeCursor(database, 'asc', { timestamp: 1, id: 2 }).slice(0, -3)],
    ['60 KiB', 'A'.repeat(60_000)],
    ['JSON nested deep', Buffer.from('['.repeat(40_000)).toString('base64url')],
  ];
  for (const [what, cursor] of garbage) {
    test(`is refused when it is ${what}`, () => {
      assert.throws(() => decodeCursor(cursor, database, 'asc'), invalidCursor);
    });
  }

  test('that points nowhere reads nothing, or on from where it would be', () => {
    using trial = new TemporaryDatabase();
    trial.append([1, 2, 3].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
    const id = String(trial.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    const pages = new EventPages(trial.db);
    const read = (order: 'asc' | 'desc', timestamp: number, after: number) =>
      pages
        .page({ filter: {}, order, limit: 10, cursor: encodeCursor(id, order, { timestamp, id: after }) })
        .events.map((event) => event.id);
    assert.deepEqual(read('asc', 1.5, 77), [2, 3]);
    assert.deepEqual(read('desc', 1.5, -1), [1]);
    assert.deepEqual(read('asc', 2, 0.5), [2, 3]);
    assert.deepEqual(read('asc', Number.MAX_VALUE, 0), []);
    assert.deepEqual(read('desc', -5, 0), []);
    assert.deepEqual(read('desc', 1e308, Number.MAX_SAFE_INTEGER), [3, 2, 1]);
  });
});
