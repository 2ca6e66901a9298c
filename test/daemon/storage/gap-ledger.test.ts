import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { limits } from '../../../shared/limits.ts';
import { GapLedgerModel } from '../../harness/gap-ledger-model.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const now = 1_760_000_000;
const origin = (first: number) => ({ producer: 'p', epoch: 'e', first });
const report = (from: number, to: number) => ({
  producer: 'p',
  epoch: 'e',
  from,
  to,
  since: 10,
  until: 20,
  reason: 'spool_full',
});

interface GapRow {
  from_counter: number | null;
  to_counter: number | null;
  producer: string | null;
  source_id: number | null;
  events: number;
  since: number;
  until: number;
  reason: string;
  noticed: number;
}

/** A ledger in a transaction that is committed after each step. */
class Trial {
  readonly database = new TemporaryDatabase();

  get ledger() {
    return this.database.store.gaps;
  }

  commit(step: () => void): void {
    this.database.store.begin('normal');
    step();
    this.database.store.commit();
  }

  rollback(step: () => void): void {
    this.database.store.begin('normal');
    step();
    this.database.store.rollback();
  }

  arrive(first: number, count: number, at = now): void {
    this.commit(() => this.ledger.arrived(origin(first), count, { sourceId: 7, since: at - 1, until: at }, at));
  }

  rows(): GapRow[] {
    return this.database.db
      .prepare<[], GapRow>(
        `SELECT from_counter, to_counter, producer, source_id, events, since, until, reason, noticed
         FROM gap ORDER BY producer_id, from_counter, id`,
      )
      .all();
  }

  ranges(): [number | null, number | null, string][] {
    return this.rows().map(({ from_counter: from, to_counter: to, reason }) => [from, to, reason]);
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }
}

describe('GapLedger', () => {
  test('sees nothing in numbers that follow each other, however they are cut into requests', () => {
    using trial = new Trial();
    for (const [first, count] of [
      [1, 1],
      [2, 3],
      [5, 100],
      [105, 1],
    ] as const)
      trial.arrive(first, count);
    assert.deepEqual([trial.ranges(), trial.ledger.size], [[], 0]);
  });

  test('notes what was skipped: how many, whose, and between which events', () => {
    using trial = new Trial();
    trial.arrive(1, 2, now);
    trial.arrive(10, 1, now + 100);
    assert.deepEqual(trial.rows(), [
      {
        from_counter: 3,
        to_counter: 9,
        producer: 'p',
        source_id: 7,
        events: 7,
        since: now,
        until: now + 99,
        reason: 'missing',
        noticed: now + 100,
      },
    ]);
    assert.equal(trial.ledger.size, 1);
  });

  test('notes what is missing before the first event that comes, and takes its source for theirs', () => {
    using trial = new Trial();
    trial.arrive(4, 1);
    const [gap] = trial.rows();
    assert.deepEqual([gap?.from_counter, gap?.to_counter, gap?.source_id], [1, 3, 7]);
    assert.deepEqual([gap?.since, gap?.until], [now - 1, now - 1]);
  });

  test('gives a gap an order of times also when the clock of the producer went back', () => {
    using trial = new Trial();
    trial.arrive(1, 1, now);
    trial.arrive(3, 1, now - 1_000);
    const [gap] = trial.rows();
    assert.deepEqual([gap?.since, gap?.until], [now - 1_001, now]);
  });

  test('closes a gap with what comes after all: from its start, its end, its middle, or more than all of it', () => {
    for (const [first, count, left] of [
      [3, 2, [[5, 9]]],
      [8, 2, [[3, 7]]],
      [
        5,
        2,
        [
          [3, 4],
          [7, 9],
        ],
      ],
      [3, 7, []],
      [1, 20, []],
      [1, 4, [[5, 9]]],
      [9, 5, [[3, 8]]],
    ] as const) {
      using trial = new Trial();
      trial.arrive(1, 2);
      trial.arrive(10, 1);
      trial.arrive(first, count);
      assert.deepEqual(
        trial.ranges(),
        left.map(([from, to]) => [from, to, 'missing']),
        `${first} and ${count}`,
      );
      assert.deepEqual(
        trial.rows().map(({ events }) => events),
        left.map(([from, to]) => to - from + 1),
      );
    }
  });

  test('tells the epochs of a producer apart, and producers of one epoch', () => {
    using trial = new Trial();
    trial.arrive(1, 5);
    const span = { sourceId: 7, since: now, until: now };
    for (const [producer, epoch] of [
      ['p', 'later'],
      ['other', 'e'],
      ['pe', ''],
      ['p","e', ''],
    ] as const) {
      trial.commit(() => trial.ledger.arrived({ producer, epoch, first: 1 }, 1, span, now));
    }
    assert.deepEqual(trial.ranges(), []);
    trial.arrive(6, 1);
    assert.deepEqual(trial.ranges(), []);
  });

  test('takes the word of a producer for what will not come, and believes its own eyes more', () => {
    using trial = new Trial();
    trial.arrive(1, 2);
    trial.arrive(7, 1);
    // 2 and 7 have come; 3 to 6 were missed; 8 and 9 are new.
    trial.commit(() => trial.ledger.reported(report(2, 9), null, now));
    assert.deepEqual(trial.ranges(), [
      [3, 6, 'spool_full'],
      [8, 9, 'spool_full'],
    ]);
    trial.arrive(10, 1);
    trial.arrive(5, 1);
    assert.deepEqual(trial.ranges(), [
      [3, 4, 'spool_full'],
      [6, 6, 'spool_full'],
      [8, 9, 'spool_full'],
    ]);
    assert.deepEqual(
      trial.rows().map(({ since, until }) => [since, until]),
      [
        [10, 20],
        [10, 20],
        [10, 20],
      ],
    );
  });

  test('is told the same twice and knows it once', () => {
    using trial = new Trial();
    for (let time = 0; time < 3; time += 1) {
      trial.commit(() => trial.ledger.reported(report(4, 9), 3, now));
      assert.deepEqual(trial.ranges(), [
        [1, 3, 'missing'],
        [4, 9, 'spool_full'],
      ]);
    }
  });

  test('makes a report that follows on another one longer', () => {
    using trial = new Trial();
    for (const from of [1, 3, 5]) trial.commit(() => trial.ledger.reported(report(from, from + 1), 3, now));
    trial.commit(() => trial.ledger.reported({ ...report(7, 8), until: 90 }, 3, now));
    trial.commit(() => trial.ledger.reported(report(9, 9), 4, now));
    assert.deepEqual(trial.ranges(), [
      [1, 8, 'spool_full'],
      [9, 9, 'spool_full'],
    ]);
    assert.deepEqual([trial.rows()[0]?.events, trial.rows()[0]?.until], [8, 90]);
  });

  test('takes numbers up to the largest', () => {
    using trial = new Trial();
    trial.arrive(limits.counterMax, 1);
    trial.commit(() => trial.ledger.reported(report(1, limits.counterMax), null, now));
    assert.deepEqual(trial.ranges(), [[1, limits.counterMax - 1, 'spool_full']]);
    assert.equal(trial.rows()[0]?.events, limits.counterMax - 1);
  });

  test('sums up refusals of an hour that differ in nothing, and keeps others apart', () => {
    using trial = new Trial();
    const refusal = { producer: 'p', sourceId: 1, code: 'invalid_type', count: 2, since: 5, until: 6 };
    trial.commit(() => {
      trial.ledger.refused(refusal, now);
      trial.ledger.refused({ ...refusal, since: 1, until: 2 }, now + 3_599);
      trial.ledger.refused({ ...refusal, since: 7, until: 9, count: 1 }, now + 3_600);
      for (const other of [{ producer: null }, { sourceId: null }, { sourceId: 2 }, { code: 'too_deep' }]) {
        trial.ledger.refused({ ...refusal, ...other }, now);
      }
      trial.ledger.refused(refusal, now + 3_600);
    });
    const kept = trial.rows().map(({ events, since, until, noticed }) => [events, since, until, noticed - now]);
    assert.deepEqual(kept, [
      [4, 1, 6, 0],
      [3, 5, 9, 3_600],
      [2, 5, 6, 0],
      [2, 5, 6, 0],
      [2, 5, 6, 0],
      [2, 5, 6, 0],
    ]);
    assert.equal(trial.ledger.size, 6);
  });

  test('does not take a report for refusals, whatever its reason says', () => {
    using trial = new Trial();
    trial.commit(() => {
      trial.ledger.reported({ ...report(1, 4), reason: 'rejected: invalid_type' }, 1, now);
      const refusal = { producer: 'p', sourceId: 1, code: 'invalid_type', count: 2, since: 5, until: 6 };
      trial.ledger.refused(refusal, now);
    });
    assert.deepEqual(
      trial
        .rows()
        .map(({ events }) => events)
        .toSorted((a, b) => a - b),
      [2, 4],
    );
  });

  test('keeps what was lost after its commit', () => {
    using trial = new Trial();
    trial.commit(() => trial.ledger.lost({ count: 0, since: 1, until: 2, reason: 'damaged' }, now));
    trial.commit(() => trial.ledger.lost({ count: 3, since: 1, until: 2, reason: 'damaged' }, now));
    assert.deepEqual(
      trial.rows().map(({ events, producer, source_id: source }) => [events, producer, source]),
      [
        [0, null, null],
        [3, null, null],
      ],
    );
  });

  test('forgets with the events what is of their time, and not what was found out since', () => {
    using trial = new Trial();
    trial.commit(() => {
      const lost = { count: 1, reason: 'damaged' };
      trial.ledger.lost({ ...lost, since: 0, until: 99 }, 99);
      trial.ledger.lost({ ...lost, since: 0, until: 100 }, 99);
      trial.ledger.lost({ ...lost, since: 0, until: 99 }, 100);
    });
    trial.commit(() => trial.ledger.expire(100));
    assert.deepEqual(
      trial.rows().map(({ until, noticed }) => [until, noticed]),
      [
        [100, 99],
        [99, 100],
      ],
    );
    assert.equal(trial.ledger.size, 2);
  });

  test('knows a producer long after its last event: what it sends then is no gap', () => {
    using trial = new Trial();
    trial.arrive(1, 10, 1_000);
    trial.commit(() => trial.ledger.expire(now));
    trial.commit(() => trial.ledger.expire(1_000 + 300 * 86_400));
    trial.arrive(11, 1, now);
    assert.deepEqual(trial.ranges(), [[1, 10, 'missing']], 'more than a year is too long');

    using other = new Trial();
    other.arrive(1, 10, 1_000);
    other.commit(() => other.ledger.expire(1_000 + 300 * 86_400));
    other.arrive(11, 1, now);
    assert.deepEqual(other.ranges(), []);
  });

  test('gives the gaps of one producer to no other, though the first is forgotten', () => {
    using trial = new Trial();
    trial.arrive(1, 1, 1_000);
    trial.commit(() => trial.ledger.reported({ ...report(2, 9), until: now }, null, 1_000));
    trial.commit(() => trial.ledger.expire(now - 1));
    assert.deepEqual(trial.ranges(), [[2, 9, 'spool_full']]);
    const span = { sourceId: 7, since: now, until: now };
    trial.commit(() => trial.ledger.arrived({ producer: 'next', epoch: 'e', first: 1 }, 20, span, now));
    assert.deepEqual(trial.ranges(), [[2, 9, 'spool_full']]);
  });

  test('holds more producers than it keeps in memory', () => {
    using trial = new Trial();
    const producers = Array.from({ length: 2_000 }, (_, n) => ({ producer: `p${n}`, epoch: 'e' }));
    const span = { sourceId: 1, since: now, until: now };
    for (const first of [1, 2]) {
      trial.commit(() => {
        for (const producer of producers) trial.ledger.arrived({ ...producer, first }, 1, span, now);
      });
    }
    assert.deepEqual(trial.ranges(), []);
    const next = trial.database.db.prepare('SELECT min(next), max(next), count(*) FROM producer').raw().get();
    assert.deepEqual(next, [3, 3, 2_000]);
  });

  test('holds what a model of it holds, through arrivals in any order, reports, refusals, failures and restarts', async (t) => {
    const counter = fc.integer({ min: 1, max: 40 });
    const producer = fc.constantFrom('p', 'q', 'p, earlier');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ arrive: producer, first: counter, count: fc.integer({ min: 1, max: 12 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ next: producer, skip: fc.constantFrom(0, 0, 0, 2), count: fc.constantFrom(1, 5) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          report: producer,
          from: counter,
          count: fc.integer({ min: 1, max: 12 }),
          reason: fc.constantFrom('spool_full', 'buffer_full'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ refuse: producer, code: fc.constantFrom('too_deep', 'too_large') }) },
    );
    const transaction = fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 5 }),
      end: fc.constantFrom('commit', 'commit', 'commit', 'rollback', 'reopen'),
    });
    await checkProperty(
      t,
      fc.property(fc.array(transaction, { maxLength: 30, size: 'max' }), (transactions) => {
        using trial = new Trial();
        let model = new GapLedgerModel();
        for (const { steps, end } of transactions) {
          const tried = model.copy();
          const run = () => {
            for (const one of steps) tried.step(one, trial.ledger, now);
          };
          if (end === 'rollback') trial.rollback(run);
          else {
            trial.commit(run);
            model = tried;
          }
          if (end === 'reopen') trial.database.reopen();
          model.assertEqual(trial.database.db, trial.ledger);
        }
      }),
      60,
    );
  });
});
