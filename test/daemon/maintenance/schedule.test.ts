import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import type { RetentionPolicy } from '../../../daemon/retention/retention-policy.ts';
import { type CleanupReport, MaintenanceSchedule } from '../../../daemon/maintenance/schedule.ts';
import { Tasks } from '../../../daemon/maintenance/tasks.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const startMs = 1_700_000_000_000;

/** A schedule whose timers and clock are moved by hand; its slices run on the real event loop. */
class Trial {
  readonly database = new TemporaryDatabase();
  readonly runs: CleanupReport[] = [];
  readonly errors: unknown[] = [];
  tasks = new Tasks();
  schedule: MaintenanceSchedule;
  readonly #policy: Partial<RetentionPolicy>;

  constructor(t: TestContext, policy: Partial<RetentionPolicy> = {}) {
    this.#policy = policy;
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: startMs });
    t.after(() => {
      this.stop();
      mock.timers.reset();
      this.database[Symbol.dispose]();
    });
    this.schedule = this.#make();
  }

  stop(): void {
    this.schedule.stop();
    this.tasks.stop();
  }

  /** As a daemon that was stopped and started again. */
  restart(): void {
    this.stop();
    this.database.reopen();
    this.tasks = new Tasks();
    this.schedule = this.#make();
    this.schedule.start();
  }

  /** Lets a run that is due go to its end. */
  async pass(ms: number): Promise<void> {
    mock.timers.tick(ms);
    for (let round = 0; round < 300; round += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #make(): MaintenanceSchedule {
    return new MaintenanceSchedule(this.database.db, this.database.store, this.tasks, {
      retentionDays: 30,
      retentionSizeBytes: 0,
      retentionRules: [],
      ...this.#policy,
      cleanupIntervalMs: DAY_MS,
      onDone: (report) => this.runs.push(report),
      onError: (error) => this.errors.push(error),
    });
  }
}

const seconds = startMs / 1000;
const large = (n: number, timestamp: number) => ({
  type: 't',
  source: 's',
  timestamp,
  data: { digits: Array.from({ length: 300 }, (_, index) => Math.sqrt(n * 1000 + index)) },
});
const AGES = `SELECT data_json ->> 'age' FROM events WHERE event_type = ? ORDER BY id`;
const pragma = (trial: Trial, name: string) => Number(trial.database.db.pragma(name, { simple: true }));

describe('MaintenanceSchedule: cleanup', () => {
  test('runs when it never ran before, and then once an interval', async (t) => {
    const trial = new Trial(t);
    trial.schedule.start();
    await trial.pass(1);
    assert.equal(trial.runs.length, 1);
    await trial.pass(DAY_MS - 2);
    assert.equal(trial.runs.length, 1);
    await trial.pass(2);
    assert.equal(trial.runs.length, 2);
    assert.deepEqual(trial.errors, []);
  });

  test('is neither skipped nor repeated by a restart', async (t) => {
    const trial = new Trial(t);
    trial.schedule.start();
    await trial.pass(1);
    const last = () => trial.database.db.prepare("SELECT value FROM meta WHERE key = 'last_cleanup_ms'").pluck().get();
    assert.equal(last(), startMs + 1);
    await trial.pass(DAY_MS - HOUR_MS);
    trial.restart();
    await trial.pass(HOUR_MS - 1);
    assert.equal(trial.runs.length, 1);
    await trial.pass(1);
    assert.equal(trial.runs.length, 2);
    assert.equal(last(), startMs + 1 + DAY_MS);
  });

  test('goes by a new interval as soon as it is told, counted from the last run', async (t) => {
    const trial = new Trial(t);
    trial.schedule.start();
    await trial.pass(1);
    await trial.pass(2 * HOUR_MS);
    const times = { retentionDays: 30, retentionSizeBytes: 0, retentionRules: [] };
    trial.schedule.adopt({ ...times, cleanupIntervalMs: 3 * HOUR_MS });
    await trial.pass(HOUR_MS - 1);
    assert.equal(trial.runs.length, 1);
    await trial.pass(1);
    assert.equal(trial.runs.length, 2);
    trial.schedule.adopt({ ...times, cleanupIntervalMs: DAY_MS });
    await trial.pass(3 * HOUR_MS);
    assert.equal(trial.runs.length, 2, 'the old timer is gone');
    trial.schedule.adopt({ ...times, cleanupIntervalMs: HOUR_MS });
    await trial.pass(1);
    assert.equal(trial.runs.length, 3, 'one that is overdue runs at once');
  });

  test('comes within an interval though the clock was turned back', async (t) => {
    const trial = new Trial(t);
    trial.database.db.prepare("INSERT INTO meta VALUES ('last_cleanup_ms', ?)").run(startMs + 100 * DAY_MS);
    trial.schedule.start();
    await trial.pass(DAY_MS);
    assert.equal(trial.runs.length, 1);
  });

  test('takes what has expired and gives the space back', async (t) => {
    const trial = new Trial(t);
    const { db } = trial.database;
    const old = seconds - 31 * 86_400;
    trial.database.append(
      Array.from({ length: 1_000 }, (_, n) => large(n, old)),
      old,
    );
    trial.database.append([large(1, seconds)], seconds);
    const pages = pragma(trial, 'page_count');
    trial.schedule.start();
    await trial.pass(1);
    assert.deepEqual(
      trial.runs.map(({ events }) => events),
      [1_000],
    );
    assert.equal(pragma(trial, 'freelist_count'), 0);
    assert.ok(pragma(trial, 'page_count') < pages / 4, `${pragma(trial, 'page_count')} of ${pages} pages are left`);
    assert.equal(db.prepare('SELECT count(*) FROM event').pluck().get(), 1);
  });

  test('does not take a clock that leaps ahead at its word, by rules neither', async (t) => {
    const trial = new Trial(t, { retentionRules: [{ type: 'short', days: 7 }], retentionSizeBytes: 64 * 1024 * 1024 });
    const days = (type: string) => trial.database.db.prepare<[string], number>(AGES).pluck().all(type);
    for (const [type, age] of [
      ['t', 29.5],
      ['t', 27],
      ['short', 6],
      ['short', 4],
      ['short', 0],
    ] as const) {
      const timestamp = seconds - age * 86_400;
      trial.database.append([{ type, source: 's', timestamp, data: { age } }], Math.floor(timestamp));
    }
    trial.restart();
    await trial.pass(1);
    assert.deepEqual(
      [days('t'), days('short')],
      [
        [29.5, 27],
        [6, 4, 0],
      ],
    );
    mock.timers.setTime(startMs + 365 * DAY_MS);
    await trial.pass(DAY_MS);
    // Each limit has moved by two days.
    assert.deepEqual([days('t'), days('short')], [[27], [4, 0]]);
    assert.deepEqual(trial.errors, []);
    assert.deepEqual(trial.schedule.outlook().clockSeconds, seconds + 0.001 + 4 * 86_400);
  });

  test('for somebody who asks comes at once, and the next one an interval later', async (t) => {
    const trial = new Trial(t);
    trial.schedule.start();
    await trial.pass(1);
    await trial.pass(DAY_MS / 2);
    const report = trial.tasks.run(trial.schedule.runNow());
    await trial.pass(0);
    assert.equal((await report).events, 0);
    assert.equal(trial.runs.length, 2);
    assert.equal(trial.schedule.outlook().nextSeconds, (startMs + 1 + DAY_MS / 2 + DAY_MS) / 1000);
    await trial.pass(DAY_MS - 1);
    assert.equal(trial.runs.length, 2);
    await trial.pass(1);
    assert.equal(trial.runs.length, 3);
  });

  test('does not hold up what the writer has to do: it works in turns', async (t) => {
    const trial = new Trial(t);
    trial.database.append(
      Array.from({ length: 2_000 }, (_, n) => large(n, 1)),
      1,
    );
    trial.schedule.start();
    mock.timers.tick(1);
    let turns = 0;
    while (trial.runs.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
      assert.ok(turns < 10_000);
    }
    assert.ok(turns > 5, `it was done after ${turns} turns`);
  });

  test('that fails is reported, and tried again after the interval', async (t) => {
    const trial = new Trial(t);
    trial.database.append([large(1, 1)], 1);
    const { db } = trial.database;
    db.exec("CREATE TRIGGER fail BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'no'); END");
    trial.schedule.start();
    await trial.pass(1);
    assert.deepEqual([trial.runs.length, trial.errors.length], [0, 1]);
    db.exec('DROP TRIGGER fail');
    await trial.pass(DAY_MS);
    assert.deepEqual([trial.runs.length, trial.errors.length], [1, 1]);
  });

  test('ends when it is stopped, also in the middle', async (t) => {
    const trial = new Trial(t);
    trial.database.append(
      Array.from({ length: 1_000 }, (_, n) => large(n, 1)),
      1,
    );
    trial.schedule.start();
    mock.timers.tick(1);
    trial.stop();
    await trial.pass(3 * DAY_MS);
    assert.equal(trial.runs.length, 0);
  });
});
