import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { Retention, type RetentionRun } from '../../../daemon/retention/retention.ts';
import { limits } from '../../../shared/limits.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const DAY = 86_400;
const now = 1_700_000_000;

const event = (timestamp: number, n = 0) => ({ type: 't', source: 's', timestamp, data: { n } });

function runToEnd(retention: Retention, days: number, at = now): { run: RetentionRun; slices: number } {
  let run = retention.begin(at - days * DAY);
  let slices = 0;
  while (!run.isDone) {
    run = retention.slice(run, limits.maintenanceSliceMs);
    slices += 1;
  }
  return { run, slices };
}

const ids = (database: TemporaryDatabase) =>
  database.db.prepare<[], number>('SELECT id FROM event ORDER BY id').pluck().all();

describe('Retention', () => {
  test('takes an event only when both its timestamp and its arrival are older', () => {
    using database = new TemporaryDatabase();
    const old = now - 31 * DAY;
    const fresh = now - 29 * DAY;
    database.append([event(old, 1), event(fresh, 2)], old);
    database.append([event(old, 3), event(fresh, 4)], fresh);
    const { run } = runToEnd(new Retention(database.db, database.store), 30);
    assert.equal(run.removed, 1);
    assert.deepEqual(ids(database), [2, 3, 4], 'imported old events stay until they have been here as long');
    runToEnd(new Retention(database.db, database.store), 30, now + 2 * DAY);
    assert.deepEqual(ids(database), []);
  });

  test('keeps what is exactly as old as the limit', () => {
    using database = new TemporaryDatabase();
    const limit = now - 30 * DAY;
    database.append([event(limit - 1, 1), event(limit, 2)], limit - 1);
    database.append([event(limit - 1, 3)], limit);
    runToEnd(new Retention(database.db, database.store), 30);
    assert.deepEqual(ids(database), [2, 3]);
  });

  test('does nothing on an empty database, and nothing twice', () => {
    using database = new TemporaryDatabase();
    const retention = new Retention(database.db, database.store);
    assert.equal(runToEnd(retention, 30).run.removed, 0);
    database.append([event(0, 1), event(0, 2)], 1);
    assert.equal(runToEnd(retention, 30).run.removed, 2);
    assert.equal(runToEnd(retention, 30).run.removed, 0);
  });

  test('agrees with a model, walks in arrival order, and each slice is whole', async (t) => {
    const arrivals = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 400, size: 'max' });
    await checkProperty(
      t,
      fc.property(arrivals, fc.nat(20), (list, cutoff) => {
        using database = new TemporaryDatabase();
        // Arrival is id order: sorted, as a clock that is not turned back gives it.
        const sent = list.toSorted((a, b) => a[1] - b[1]).map(([timestamp, arrived], n) => ({ timestamp, arrived, n }));
        for (let arrived = 0; arrived <= 20; arrived += 1) {
          const batch = sent.filter((each) => each.arrived === arrived);
          database.append(
            batch.map(({ timestamp, n }) => event(timestamp, n)),
            arrived,
          );
        }
        const { run } = runToEnd(new Retention(database.db, database.store), 0, cutoff);
        const kept = sent.flatMap(({ timestamp, arrived, n }) =>
          timestamp < cutoff && arrived < cutoff ? [] : [n + 1],
        );
        assert.deepEqual(ids(database), kept);
        assert.equal(run.removed, sent.length - kept.length);
        const inTransaction: boolean = database.db.inTransaction;
        assert.equal(inTransaction, false);
      }),
      30,
    );
  });

  test('leaves a slice that fails undone, counts and all', () => {
    using database = new TemporaryDatabase();
    database.append([event(1, 1), event(1, 2), event(1, 3)], 1);
    const { db } = database;
    db.exec("CREATE TRIGGER fail BEFORE DELETE ON event WHEN OLD.id = 2 BEGIN SELECT raise(ABORT, 'no'); END");
    const before = database.dump();
    assert.throws(() => runToEnd(new Retention(db, database.store), 30), /no/);
    assert.deepEqual(database.dump(), before);
    db.exec('DROP TRIGGER fail');
    assert.equal(runToEnd(new Retention(db, database.store), 30).run.removed, 3);
    assert.deepEqual(db.prepare('SELECT recorded, removed, data_bytes FROM rollup').all(), [
      { recorded: 3, removed: 3, data_bytes: 0 },
    ]);
  });

  test('takes 20,000 expired rows in slices that stay within their budget, and stops at the first fresh one', (t) => {
    using database = new TemporaryDatabase();
    const insert = database.db.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
       INSERT INTO event (id, timestamp, hash, type_id, source_id, arrived, data)
       SELECT i, i, randomblob(16), 1, 1, iif(i <= 20000, 1, ?), '{"n":' || i || '}' FROM n`,
    );
    insert.run(now);
    database.reopen();
    const retention = new Retention(database.db, database.store);
    let run = retention.begin(now - 30 * DAY);
    let slices = 0;
    let longestMs = 0;
    // A machine of always the same speed: a row a look at the clock.
    let clockMs = 0;
    t.mock.method(performance, 'now', () => (clockMs += 0.05));
    while (!run.isDone) {
      const startedMs = clockMs;
      run = retention.slice(run, limits.maintenanceSliceMs);
      longestMs = Math.max(longestMs, clockMs - startedMs);
      slices += 1;
    }
    t.diagnostic(`${slices} slices, the longest ${longestMs.toFixed(1)} ms of ${limits.maintenanceSliceMs}`);
    assert.equal(run.removed, 20_000);
    assert.equal(ids(database).length, 5_000);
    assert.ok(slices >= 10, 'a batch gets its turn between two slices');
    assert.ok(longestMs < limits.maintenanceSliceMs, `${longestMs} ms`);
  });

  test('never gives an id a second time afterwards', () => {
    using database = new TemporaryDatabase();
    database.append([event(1, 1), event(1, 2)], 1);
    runToEnd(new Retention(database.db, database.store), 30);
    database.reopen();
    assert.equal(database.append([event(1, 1)]).firstId, 3);
  });
});
