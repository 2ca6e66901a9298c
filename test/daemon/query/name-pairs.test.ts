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

  test('seeks each pair, however many events the one before has', () => {
    using database = filled();
    const { db } = database;
    const prepared: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = (sql: string) => {
      prepared.push(sql);
      return prepare(sql);
    };
    assert.equal([new NamePairs(db), new NamePairs(db, 'waiting')].length, 2);
    const plans = prepared.map((sql) =>
      prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', '1')}`)
        .all()
        .map(({ detail }) => detail),
    );
    // A comparison of both at once, '(type_id,source_id)>(?,?)', would begin at the first event of the same pair.
    assert.deepEqual(plans, [
      ['SEARCH event USING COVERING INDEX event_by_name (type_id=? AND source_id>?)'],
      ['SEARCH event USING COVERING INDEX event_by_name (type_id>?)'],
      ['SEARCH waiting USING PRIMARY KEY (type_id=? AND source_id>?)'],
      ['SEARCH waiting USING PRIMARY KEY (type_id>?)'],
    ]);
  });
});
