import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IdSet } from '../../../daemon/storage/salvage/id-set.ts';
import type { KnownEvents } from '../../../daemon/storage/salvage/known-events.ts';
import { missingRanges } from '../../../daemon/storage/salvage/missing-ranges.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

function setOf(ids: Iterable<number>): IdSet {
  const set = new IdSet();
  for (const id of ids) set.add(id);
  return set;
}

describe('IdSet', () => {
  test('gives back the ids as ranges, over the borders of its chunks', () => {
    const set = setOf([70_000, 1, 2, 3, 65_535, 65_536, 65_537, 131_071, 131_072, 10 ** 12, 3]);
    assert.deepEqual(
      [...set.ranges(0, Number.MAX_SAFE_INTEGER)],
      [
        { from: 1, to: 3 },
        { from: 65_535, to: 65_537 },
        { from: 70_000, to: 70_000 },
        { from: 131_071, to: 131_072 },
        { from: 10 ** 12, to: 10 ** 12 },
      ],
    );
    assert.deepEqual(
      [...set.ranges(2, 65_536)],
      [
        { from: 2, to: 3 },
        { from: 65_535, to: 65_536 },
      ],
    );
    assert.deepEqual([...set.ranges(4, 60_000)], []);
    assert.deepEqual([set.size, set.smallest, set.largest], [10, 1, 10 ** 12]);
  });

  test('takes in another one', () => {
    const set = setOf([5, 6]);
    set.addAll(setOf([]));
    set.addAll(setOf([6, 7, 200_000]));
    assert.deepEqual(
      [...set.ranges(1, 10 ** 6)],
      [
        { from: 5, to: 7 },
        { from: 200_000, to: 200_000 },
      ],
    );
    assert.equal(set.size, 4);
  });
});

/** A database that has these of the events 1 to `count`; event n is of second n. */
function withEvents(count: number, isKept: (id: number) => boolean, use: (database: TemporaryDatabase) => void): void {
  using database = new TemporaryDatabase();
  database.append(Array.from({ length: count }, (_, n) => ({ type: 't', source: 's', timestamp: n + 1 })));
  const remove = database.db.prepare('DELETE FROM event WHERE id = ?');
  database.db.transaction(() => {
    for (let id = 1; id <= count; id += 1) if (!isKept(id)) remove.run(id);
  })();
  use(database);
}

const known = (more: Partial<KnownEvents>): KnownEvents => ({
  ids: new IdSet(),
  count: undefined,
  areAll: false,
  sinceSeconds: 0.5,
  untilSeconds: 99,
  ...more,
});
const short = (ranges: ReturnType<typeof missingRanges>) =>
  ranges.map(({ fromId, toId, count, sinceSeconds, untilSeconds }) => [
    fromId,
    toId,
    count,
    sinceSeconds,
    untilSeconds,
  ]);

describe('missingRanges', () => {
  test('names the ids that are known to have been there, and no others, with the times of their neighbours', () => {
    withEvents(
      20,
      (id) => id >= 5 && id <= 15 && id !== 8 && id !== 10 && id !== 11,
      ({ db }) => {
        const ids = setOf([3, 4, 8, 11, 12, 16, 18]);
        assert.deepEqual(short(missingRanges(db, known({ ids }), 20, true)), [
          [3, 4, 2, 0.5, 5],
          [8, 8, 1, 7, 9],
          [11, 11, 1, 9, 12],
          [16, 16, 1, 15, 99],
          [18, 18, 1, 15, 99],
        ]);
      },
    );
  });

  test('calls every hole missing when not all ids are known, but for those before all that is', () => {
    withEvents(
      20,
      (id) => id >= 5 && id <= 15 && id !== 8,
      ({ db }) => {
        assert.deepEqual(short(missingRanges(db, known({ ids: setOf([4]) }), 20, false)), [
          [4, 4, 1, 0.5, 5],
          [8, 8, 1, 7, 9],
          [16, 20, 5, 15, 99],
        ]);
      },
    );
  });

  test('goes by the count for what was there first', () => {
    withEvents(
      20,
      (id) => id >= 5,
      ({ db }) => {
        assert.deepEqual(short(missingRanges(db, known({ count: 18 }), 20, false)), [[1, 4, 2, 0.5, 5]]);
        assert.deepEqual(short(missingRanges(db, known({ count: 16 }), 20, false)), []);
        assert.deepEqual(short(missingRanges(db, known({}), 20, false)), []);
      },
    );
    withEvents(
      0,
      () => false,
      ({ db }) => {
        assert.deepEqual(short(missingRanges(db, known({ count: 3 }), 20, false)), [[1, 20, 3, 0.5, 99]]);
      },
    );
  });

  test('puts times in order, whatever the neighbours are', () => {
    using database = new TemporaryDatabase();
    database.append([9, 5, 1].map((timestamp) => ({ type: 't', source: 's', timestamp })));
    database.db.prepare('DELETE FROM event WHERE id = 2').run();
    assert.deepEqual(short(missingRanges(database.db, known({ ids: setOf([2]) }), 3, true)), [[2, 2, 1, 1, 9]]);
  });

  test('is bounded: what lies near becomes one, and every lost event stays counted', () => {
    const count = 9_000;
    withEvents(
      count,
      (id) => id % 3 > 0,
      ({ db }) => {
        const ranges = missingRanges(db, known({}), count, false);
        assert.ok(ranges.length > 100 && ranges.length <= 1_000, `${ranges.length} ranges`);
        assert.equal(
          ranges.reduce((sum, range) => sum + range.count, 0),
          count / 3,
        );
        for (const [index, { fromId, toId }] of ranges.entries()) {
          assert.ok(fromId <= toId && fromId > (ranges[index - 1]?.toId ?? 0));
        }
        assert.equal(ranges.at(-1)?.toId, count);
      },
    );
  });
});
