import assert from 'node:assert/strict';
import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { Retention } from '../../../daemon/retention/retention.ts';
import { hourOf } from '../../../daemon/storage/tallies.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** Counts as they should be, taken from the events alone. */
function recount(db: Database): { rollups: unknown[]; names: unknown[] } {
  const rollups = db
    .prepare(
      `SELECT CAST(timestamp / 3600 AS INTEGER) AS hour, type_id, source_id, coalesce(action_id, 0) AS action_id,
         count(*) AS events, sum(octet_length(data)) AS data_bytes
       FROM event GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    )
    .all();
  const names = db
    .prepare(
      `SELECT kind, id, count(*) AS events FROM (
         SELECT 'type' AS kind, type_id AS id FROM event
         UNION ALL SELECT 'source', source_id FROM event
         UNION ALL SELECT 'action', action_id FROM event WHERE action_id IS NOT NULL
       ) GROUP BY kind, id ORDER BY kind, id`,
    )
    .all();
  return { rollups, names };
}

/** The same counts as they are kept. */
function kept(db: Database): { rollups: unknown[]; names: unknown[] } {
  const rollups = db
    .prepare(
      `SELECT hour, type_id, source_id, action_id, recorded - removed AS events, data_bytes
       FROM rollup WHERE recorded <> removed ORDER BY 1, 2, 3, 4`,
    )
    .all();
  const names = db.prepare('SELECT kind, id, events FROM name WHERE events <> 0 ORDER BY kind, id').all();
  return { rollups, names };
}

describe('hourOf', () => {
  test('counts hours since 1970, each from its first instant', () => {
    assert.deepEqual([0, 3599.999, 3600, 7199, 1_700_000_000].map(hourOf), [0, 0, 1, 1, 472_222]);
  });
});

describe('rollups and name counts', () => {
  test('equal a recount after any appends, failures and retention', async (t) => {
    const event = fc.record({
      type: fc.constantFrom('a', 'b', 'c'),
      source: fc.constantFrom('x', 'y'),
      action: fc.constantFrom(null, '', 'create', 'delete'),
      timestamp: fc.nat(40).map((halfHours) => halfHours * 1800),
      data: fc.record({ n: fc.nat(3), text: fc.constantFrom('', 'é', 'long '.repeat(300)) }),
    });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ append: fc.array(event, { maxLength: 50, size: 'max' }) }) },
      { weight: 1, arbitrary: fc.record({ fail: fc.array(event, { maxLength: 10, size: 'max' }) }) },
      { weight: 2, arbitrary: fc.record({ retain: fc.nat(40).map((halfHours) => halfHours * 1800) }) },
    );
    await checkProperty(
      t,
      fc.property(fc.array(step, { maxLength: 12, size: 'max' }), (steps) => {
        using database = new TemporaryDatabase();
        const { db, store } = database;
        const retention = new Retention(db, store);
        let recorded = 0;
        for (const [index, each] of steps.entries()) {
          if ('append' in each) recorded += database.append(each.append, index).stored;
          else if ('fail' in each) {
            db.exec("CREATE TRIGGER fail BEFORE UPDATE ON meta BEGIN SELECT raise(ABORT, 'no'); END");
            try {
              recorded += database.append(each.fail, index).stored;
            } catch (error) {
              assert.match(String(error), /no/);
            }
            db.exec('DROP TRIGGER fail');
          } else {
            let run = retention.begin(each.retain);
            while (!run.isDone) run = retention.slice(run, 50);
          }
          assert.deepEqual(kept(db), recount(db));
        }
        assert.equal(db.prepare('SELECT coalesce(sum(recorded), 0) FROM rollup').pluck().get(), recorded);
        const emptied = db.prepare('SELECT data_bytes FROM rollup WHERE recorded = removed').pluck().all();
        assert.ok(emptied.every((bytes) => bytes === 0));
      }),
      40,
    );
  });

  test('count a duplicate once, however it comes', () => {
    using database = new TemporaryDatabase();
    const event = { type: 'a', source: 'x', action: 'create', timestamp: 5 };
    database.append([event, event]);
    database.append([event]);
    database.append(Array.from({ length: 200 }, () => event));
    assert.deepEqual(kept(database.db), recount(database.db));
    assert.deepEqual(database.db.prepare('SELECT recorded, removed FROM rollup').all(), [{ recorded: 1, removed: 0 }]);
  });
});
