import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CounterGaps } from '../../../daemon/storage/counter-gaps.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const span = { sourceId: 1, since: 10, until: 20 };
const producer = { id: 1, name: 'p' };

class Trial {
  readonly database = new TemporaryDatabase();
  readonly gaps = new CounterGaps(this.database.db);

  add(from: number, to: number, reason = 'missing', id = 1): void {
    this.gaps.add({ ...producer, id }, { from, to }, span, reason, 5);
  }

  rows(): unknown[][] {
    return this.database.db
      .prepare<[], unknown[]>('SELECT producer_id, from_counter, to_counter, events, reason FROM gap ORDER BY 1, 2')
      .raw()
      .all();
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }
}

describe('CounterGaps', () => {
  test('has the numbers that were added, both ends, of that producer only', () => {
    using trial = new Trial();
    trial.add(3, 5);
    trial.add(8, 8);
    const has = (id: number) => [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => trial.gaps.has(id, number));
    assert.deepEqual([has(1), has(2)], [[3, 4, 5, 8], []]);
  });

  test('makes a gap longer with what follows on it for the same reason and of the same source', () => {
    using trial = new Trial();
    trial.add(3, 5);
    trial.gaps.add(producer, { from: 6, to: 7 }, { sourceId: 1, since: 5, until: 15 }, 'missing', 9);
    trial.add(8, 9, 'spool_full');
    trial.gaps.add(producer, { from: 10, to: 10 }, { ...span, sourceId: null }, 'spool_full', 5);
    trial.gaps.add(producer, { from: 11, to: 11 }, { ...span, sourceId: null }, 'spool_full', 5);
    trial.add(12, 12, 'spool_full', 2);
    assert.deepEqual(trial.rows(), [
      [1, 3, 7, 5, 'missing'],
      [1, 8, 9, 2, 'spool_full'],
      [1, 10, 11, 2, 'spool_full'],
      [2, 12, 12, 1, 'spool_full'],
    ]);
    const longer = trial.database.db
      .prepare('SELECT since, until, noticed FROM gap WHERE from_counter = 3')
      .raw()
      .get();
    assert.deepEqual(longer, [5, 20, 5]);
  });

  test('returns what it had of the numbers that are taken, and keeps the rest as it was', () => {
    using trial = new Trial();
    trial.add(3, 10);
    trial.add(13, 14, 'spool_full');
    trial.add(1, 50, 'missing', 2);
    assert.deepEqual(trial.gaps.take(1, 1, 2), []);
    assert.deepEqual(trial.gaps.take(1, 11, 12), []);
    assert.deepEqual(trial.gaps.take(1, 15, 99), []);
    assert.deepEqual(trial.gaps.take(1, 5, 6), [{ from: 5, to: 6 }]);
    assert.deepEqual(trial.rows().slice(0, 3), [
      [1, 3, 4, 2, 'missing'],
      [1, 7, 10, 4, 'missing'],
      [1, 13, 14, 2, 'spool_full'],
    ]);
    assert.deepEqual(trial.gaps.take(1, 4, 13), [
      { from: 4, to: 4 },
      { from: 7, to: 10 },
      { from: 13, to: 13 },
    ]);
    assert.deepEqual(trial.rows(), [
      [1, 3, 3, 1, 'missing'],
      [1, 14, 14, 1, 'spool_full'],
      [2, 1, 50, 50, 'missing'],
    ]);
    const copied = trial.database.db.prepare('SELECT producer, source_id, since, until, noticed FROM gap').raw().all();
    assert.deepEqual(
      copied,
      Array.from({ length: 3 }, () => ['p', 1, 10, 20, 5]),
    );
  });

  test('takes from as many gaps as there are, and looks at no others', () => {
    using trial = new Trial();
    trial.database.store.begin('normal');
    for (let number = 1; number < 10_000; number += 2) trial.add(number, number);
    trial.database.store.commit();
    const plan = trial.database.db
      .prepare<[number, number], { detail: string }>(
        'EXPLAIN QUERY PLAN SELECT id FROM gap WHERE producer_id = ? AND to_counter >= ? ORDER BY to_counter LIMIT 1',
      )
      .all(1, 1);
    assert.deepEqual(
      plan.map(({ detail }) => detail),
      ['SEARCH gap USING COVERING INDEX gap_by_counter (producer_id=? AND to_counter>?)'],
    );
    assert.equal(trial.gaps.take(1, 1, 10_000).length, 5_000);
    assert.deepEqual(trial.rows(), []);
  });
});
