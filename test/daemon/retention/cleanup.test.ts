import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Checkpoints } from '../../../daemon/maintenance/checkpoints.ts';
import { Cleanup } from '../../../daemon/retention/cleanup.ts';
import type { RetentionPolicy } from '../../../daemon/retention/retention-policy.ts';
import { ArrivalWalk, TimestampWalk } from '../../../daemon/retention/retention-walks.ts';
import { spaceUsed } from '../../../daemon/retention/space-used.ts';
import { type Task, Tasks } from '../../../daemon/maintenance/tasks.ts';
import { giveBackFreePages } from '../../../daemon/maintenance/vacuum.ts';
import { finishPlan } from '../../../daemon/retention/retention-plan.ts';
import { limits } from '../../../shared/limits.ts';
import type { RetentionRule } from '../../../shared/retention-rule.ts';
import { databaseInconsistencies } from '../../harness/database-inconsistencies.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const DAY = 86_400;
const MiB = 1024 * 1024;
const start = 20_000 * DAY;
const names = ['a', 'b', 'c'];

interface Kept {
  id: number;
  type: string;
  source: string;
  timestamp: number;
  arrived: number;
}

function finish<Result>(task: Task<Result>): Result {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}

function policyOf(retentionDays: number, retentionRules: readonly RetentionRule[] = [], sizeMb = 0): RetentionPolicy {
  return { retentionDays, retentionRules, retentionSizeBytes: sizeMb * MiB };
}

/** The rule that speaks of most; of those that speak of one thing, the one of the type. */
function daysOf({ retentionDays, retentionRules }: RetentionPolicy, event: Kept): number {
  const rule = (type?: string, source?: string) =>
    retentionRules.find((each) => each.type === type && each.source === source)?.days;
  return rule(event.type, event.source) ?? rule(event.type) ?? rule(undefined, event.source) ?? retentionDays;
}

function rowsOf(database: TemporaryDatabase): Kept[] {
  return database.db
    .prepare<[], Kept>(
      `SELECT event.id, t.text AS type, s.text AS source, timestamp, arrived FROM event
       JOIN name AS t ON t.kind = 'type' AND t.id = type_id JOIN name AS s ON s.kind = 'source' AND s.id = source_id
       ORDER BY event.id`,
    )
    .all();
}

const rules = fc.uniqueArray(
  fc.record(
    {
      type: fc.constantFrom(...names),
      source: fc.constantFrom(...names, 'never'),
      days: fc.integer({ min: 1, max: 12 }),
    },
    { requiredKeys: ['days'] },
  ),
  { selector: ({ type = null, source = null }) => JSON.stringify([type, source]), maxLength: 5 },
);
const policies = fc.tuple(fc.integer({ min: 1, max: 8 }), rules).map(([days, list]) =>
  policyOf(
    days,
    list.filter(({ type, source }) => (type ?? source) !== undefined),
  ),
);
/** Days that pass, what arrives on the last of them (and how old it is then), and perhaps another policy. */
const steps = fc.array(
  fc.record({
    days: fc.integer({ min: 0, max: 3 }),
    events: fc.array(
      fc.record({
        type: fc.constantFrom(...names),
        source: fc.constantFrom(...names),
        age: fc.integer({ min: -4, max: 20 }),
      }),
      { maxLength: 12 },
    ),
    policy: fc.option(policies, { freq: 5 }),
    /** Slices of the run before the daemon is killed. */
    killedAfter: fc.option(fc.nat(4), { freq: 4 }),
  }),
  { maxLength: 12 },
);

describe('Cleanup', () => {
  test('keeps what a simple model keeps, day after day, whatever the rules become', async (t) => {
    await checkProperty(
      t,
      fc.property(policies, steps, (first, all) => {
        using database = new TemporaryDatabase();
        let cleanup = new Cleanup(database.db, database.store);
        let policy = first;
        let now = start;
        let model: Kept[] = [];
        let n = 0;
        for (const step of all) {
          now += step.days * DAY;
          policy = step.policy ?? policy;
          const events = step.events.map(({ type, source, age }) => {
            n += 1;
            return { type, source, timestamp: now - age * DAY, data: { n } };
          });
          database.append(events, now);
          model.push(...rowsOf(database).slice(model.length));
          if (n % 3 === 0) {
            database.reopen();
            cleanup = new Cleanup(database.db, database.store);
          }
          const isKept = (event: Kept) => {
            const cutoff = now - daysOf(policy, event) * DAY;
            return event.timestamp >= cutoff || event.arrived >= cutoff;
          };
          if (step.killedAfter !== null) {
            const run = cleanup.run(policy, now);
            for (let slice = 0; slice < step.killedAfter; slice += 1) run.next();
            const left = rowsOf(database);
            const ids = new Set(left.map(({ id }) => id));
            assert.deepEqual(
              model.filter((event) => !ids.has(event.id) && isKept(event)),
              [],
            );
            model = left;
            database.reopen();
            cleanup = new Cleanup(database.db, database.store);
            continue;
          }
          const plan = finishPlan(database.db, policy, now);
          const removed = finish(cleanup.run(policy, now));
          const before = model.length;
          model = model.filter(isKept);
          assert.deepEqual(rowsOf(database), model);
          assert.deepEqual(removed, { events: before - model.length, byAge: before - model.length, bySize: 0 });
          assert.equal(plan.events, removed.events);
          for (const { type, oldest } of plan.by_type) {
            const left = model.filter((event) => event.type === type).map(({ timestamp }) => timestamp);
            assert.equal(oldest, left.length === 0 ? null : Math.min(...left), type);
          }
        }
        assert.deepEqual(databaseInconsistencies(database.db), []);
      }),
      30,
    );
  });

  test('meets again what a first run has passed over for its timestamp before it was killed', () => {
    using database = new TemporaryDatabase();
    database.append([{ type: 'a', source: 'a', timestamp: start + 5 * DAY }], start);
    new Cleanup(database.db, database.store).run(policyOf(2), start + 3 * DAY).next();
    database.reopen();
    assert.equal(finish(new Cleanup(database.db, database.store).run(policyOf(2), start + 8 * DAY)).events, 1);
  });

  test('does not look again at what is kept for years', (t) => {
    using database = new TemporaryDatabase();
    const policy = policyOf(10, [{ type: 'kept', days: 3_650 }]);
    const day = (offset: number, count: number) =>
      database.append(
        Array.from({ length: count }, (_, n) => ({
          type: n % 10 === 0 ? 'gone' : 'kept',
          source: 's',
          timestamp: start + offset * DAY + n,
        })),
        start + offset * DAY,
      );
    for (let offset = 0; offset < 20; offset += 1) day(offset, 500);
    const cleanup = new Cleanup(database.db, database.store);
    assert.equal(finish(cleanup.run(policy, start + 19 * DAY)).events, 450);
    const passes = [ArrivalWalk, TimestampWalk].map((walk) => t.mock.method(walk.prototype, 'pass'));
    assert.equal(finish(cleanup.run(policy, start + 20 * DAY)).events, 50);
    const looks = passes.reduce((sum, { mock }) => sum + mock.callCount(), 0);
    // A day of events, by arrival and by time.
    assert.ok(looks <= 1_000, `${looks} events were looked at`);
  });

  test('stays below the bound on the size, oldest arrivals first, what a rule keeps longer last', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    const policy = policyOf(1_000, [{ type: 'kept', days: 3_650 }], 16);
    const fill = (type: string, from: number, count: number) => {
      for (let first = 0; first < count; first += 1_000) {
        const events = Array.from({ length: 1_000 }, (_, n) => ({
          type,
          source: 's',
          timestamp: start + from + first + n,
          data: { text: `${from + first + n} `.padEnd(980, 'x') },
        }));
        database.append(events, start + from + first);
      }
    };
    fill('kept', 0, 2_000);
    fill('other', 2_000, 18_000);
    const plan = finishPlan(db, policy, start + DAY);
    const removed = finish(new Cleanup(db, database.store).run(policy, start + DAY));
    assert.equal(plan.events, removed.events);
    assert.deepEqual(
      plan.by_type.map(({ type, events }) => [type, events]),
      [
        ['other', removed.events],
        ['kept', 0],
      ],
    );
    finish(giveBackFreePages(db));
    const { databaseBytes } = spaceUsed(db);
    assert.ok(databaseBytes <= 16 * MiB && databaseBytes > 14 * MiB, `${databaseBytes}`);
    const left = rowsOf(database);
    assert.equal(left.filter(({ type }) => type === 'kept').length, 2_000);
    assert.equal(left[2_000]?.id, 2_001 + removed.events, 'without a hole');
    assert.deepEqual(removed, { events: removed.events, byAge: 0, bySize: removed.events });
    // It is reached: the next run takes nothing. Then what is kept longer has to go as well.
    assert.equal(finish(new Cleanup(db, database.store).run(policy, start + DAY)).events, 0);
    fill('kept', 30_000, 15_000);
    const more = finish(new Cleanup(db, database.store).run(policy, start + DAY));
    assert.ok(more.bySize > 12_000);
    assert.ok(spaceUsed(db).databaseBytes <= 16 * MiB);
    assert.deepEqual(new Set(rowsOf(database).map(({ type }) => type)), new Set(['kept']));
    assert.deepEqual(databaseInconsistencies(db), []);
  });

  test('keeps the log short though nobody records anything meanwhile', async (t) => {
    using database = new TemporaryDatabase();
    const pages = 500;
    const bounds: { checkpointPages: number } = limits;
    const { checkpointPages } = bounds;
    bounds.checkpointPages = pages;
    t.after(() => Object.assign(bounds, { checkpointPages }));
    for (let batch = 0; batch < 16; batch += 1) {
      const events = Array.from({ length: 1_000 }, (_, n) => ({
        type: 't',
        source: 's',
        timestamp: batch * 1_000 + n,
        data: { text: `${n} `.padEnd(950, 'x') },
      }));
      database.append(events, start);
    }
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    const checkpoints = new Checkpoints(database.db, (error) => assert.fail(String(error)));
    t.after(() => checkpoints.stop());
    let longest = 0;
    const tasks = new Tasks(() => {
      longest = Math.max(longest, statSync(`${database.path}-wal`).size);
      checkpoints.noteSlice();
    });
    const { events } = await tasks.run(new Cleanup(database.db, database.store).run(policyOf(1), start + 2 * DAY));
    assert.equal(events, 16_000);
    t.diagnostic(`${longest} bytes of log`);
    // Looked at after every slice, whatever a slice is worth on this disk; otherwise it would be several times as long.
    assert.ok(longest < 3 * pages * 4_096, `${longest} bytes`);
  });
});
