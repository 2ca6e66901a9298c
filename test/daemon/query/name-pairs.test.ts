import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NamePairs } from '../../../daemon/query/name-pairs.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** Types 1 to 3 and sources 1 and 2: all but type 2 of source 1, several events each. */
function filled(): TemporaryDatabase {
  const database = new TemporaryDatabase();
  const pairs: [string, string][] = [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'y'],
    ['c', 'x'],
    ['c', 'y'],
  ];
  database.append(
    [0, 1, 2].flatMap((round) =>
      pairs.map(([type, source], n) => ({ type, source, timestamp: round * 10 + n, data: { n } })),
    ),
  );
  return database;
}

describe('NamePairs', () => {
  test('leaps over the events from pair to pair', () => {
    using database = filled();
    const pairs = new NamePairs(database.db);
    const all = [
      [1, 1],
      [1, 2],
      [2, 2],
      [3, 1],
      [3, 2],
    ];
    assert.deepEqual([...pairs.all()], all);
    assert.deepEqual(pairs.matching(undefined, undefined), all);
    assert.deepEqual(pairs.matching(new Set([1, 2]), undefined), all.slice(0, 3));
    assert.deepEqual(pairs.matching(undefined, new Set([1])), [all[0], all[3]]);
    assert.deepEqual(pairs.matching(new Set([2, 3]), new Set([1])), [all[3]]);
    assert.deepEqual(pairs.matching(new Set([9]), undefined), []);
  });

  test('gives up when too many have to be looked at', () => {
    using database = filled();
    const pairs = new NamePairs(database.db);
    assert.equal(pairs.matching(undefined, new Set([9]), 4), undefined);
    assert.deepEqual(pairs.matching(undefined, new Set([9]), 5), []);
    assert.equal(pairs.matching(new Set([1]), undefined, 2)?.length, 2);
  });

  test('reads no row, and seeks each pair', () => {
    using database = filled();
    const plan = database.db
      .prepare<[], string>(
        `EXPLAIN QUERY PLAN SELECT type_id, source_id FROM event INDEXED BY event_by_name
         WHERE (type_id, source_id) > (1, 1) ORDER BY type_id, source_id LIMIT 1`,
      )
      .all();
    assert.deepEqual(
      plan.map((step) => (step as unknown as { detail: string }).detail),
      ['SEARCH event USING COVERING INDEX event_by_name ((type_id,source_id)>(?,?))'],
    );
  });
});
