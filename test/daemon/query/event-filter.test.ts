import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DriveChooser, matches, matchesUnstored, resolveFilter } from '../../../daemon/query/event-filter.ts';
import { NameReader } from '../../../daemon/storage/name-reader.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** 10 events of type a and source x, 3 of type b and source y, 1 of type c and source x. */
function filled(): TemporaryDatabase {
  const database = new TemporaryDatabase();
  const events = (count: number, type: string, source: string) =>
    Array.from({ length: count }, (_, timestamp) => ({ type, source, timestamp }));
  database.append([...events(10, 'a', 'x'), ...events(3, 'b', 'y'), ...events(1, 'c', 'x')]);
  return database;
}

describe('DriveChooser', () => {
  const choices: [filter: EventFilter, drive: unknown][] = [
    [{}, { by: 'time' }],
    [{ since: 1, actions: ['create'] }, { by: 'time' }],
    [{ types: ['a'] }, { by: 'name', pairs: [[1, 1]] }],
    [
      { sources: ['x'] },
      {
        by: 'name',
        pairs: [
          [1, 1],
          [3, 1],
        ],
      },
    ],
    [
      { types: ['b', 'c'], sources: ['x'] },
      { by: 'name', pairs: [[3, 1]] },
    ],
    [
      { types: ['a'], sources: ['y'] },
      { by: 'name', pairs: [] },
    ],
    [{ types: ['a', 'a', 'never'] }, { by: 'name', pairs: [[1, 1]] }],
  ];
  for (const [filter, drive] of choices) {
    test(`takes one stream for each type and source that match: ${JSON.stringify(filter)}`, () => {
      using database = filled();
      const { db } = database;
      assert.deepEqual(new DriveChooser(db).choose(resolveFilter(filter, new NameReader(db))), drive);
    });
  }

  test('walks by time when that would be too many streams', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    const choose = () => new DriveChooser(db).choose(resolveFilter({ sources: ['x'] }, new NameReader(db))).by;
    database.append(Array.from({ length: 1_024 }, (_, n) => ({ type: `t${n}`, source: 'x', timestamp: n })));
    assert.equal(choose(), 'name');
    database.append([{ type: 'one more', source: 'y', timestamp: 0 }]);
    assert.equal(choose(), 'time');
  });
});

describe('resolveFilter', () => {
  test('knows when nothing can match: a list without one known name', () => {
    using database = filled();
    const nothing = (filter: EventFilter) => resolveFilter(filter, new NameReader(database.db)).matchesNothing;
    assert.deepEqual(
      [{}, { types: ['a', 'z'] }, { types: ['z'] }, { sources: ['a'] }, { actions: ['a'] }].map(nothing),
      [false, false, true, true, true],
    );
  });
});

describe('matches', () => {
  test('includes since and excludes until', () => {
    using database = filled();
    const filter = resolveFilter({ since: 1, until: 2 }, new NameReader(database.db));
    const at = (timestamp: number) =>
      matches(filter, { timestamp, type_id: 1, source_id: 1, action_id: null, processed: 0 });
    assert.deepEqual([0.9, 1, 1.9, 2].map(at), [false, true, true, false]);
  });
});

describe('matchesUnstored', () => {
  test('judges an event as the database would, had it one', () => {
    const event = { id: 0, type: 'a', source: 'x', timestamp: 5, action: 'go', data: { n: 1 } };
    const cases: [filter: EventFilter, matches: boolean][] = [
      [{}, true],
      [{ since: 5, until: 6, types: ['b', 'a'], sources: ['x'], actions: ['go'] }, true],
      [{ since: 5.1 }, false],
      [{ until: 5 }, false],
      [{ types: ['b'] }, false],
      [{ sources: ['a'] }, false],
      [{ actions: [''] }, false],
      [{ processed: false }, true],
      [{ processed: true }, false],
      [{ where: [{ path: ['data', 'n'], op: '=', value: 1 }] }, true],
      [{ where: [{ path: ['data', 'n'], op: '=', value: 2 }] }, false],
    ];
    for (const [filter, expected] of cases) {
      assert.equal(matchesUnstored(filter, event), expected, JSON.stringify(filter));
    }
    const { action: _action, ...without } = event;
    assert.equal(matchesUnstored({ actions: ['go'] }, without), false);
  });
});
