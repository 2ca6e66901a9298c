/** kill -9 in the middle of a cleanup with rules, again and again: what is left in the end is what the rules say. */
import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseInconsistencies } from '../harness/database-inconsistencies.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { seededIntegers } from '../harness/property.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { waitFor } from '../harness/wait-for.ts';

const DAY = 86_400;
const EVENTS = 24_000;
const ROUNDS = 4;
const types = ['gone', 'kept', 'short'];

test('a cleanup that is killed goes on, and takes what it has to take once', async (t) => {
  using home = preparedHome();
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { database } = home.paths;
  // Half of them 50 days old, half 20 days.
  const ageDays = (n: number) => (n < EVENTS / 2 ? 50 : 20);
  using temporary = new TemporaryDatabase();
  for (let first = 0; first < EVENTS; first += 1_000) {
    const arrived = nowSeconds - ageDays(first) * DAY;
    const events = Array.from({ length: 1_000 }, (_, index) => {
      const n = first + index;
      return { type: types[n % 3], source: 's', timestamp: arrived, data: { n } };
    });
    temporary.append(events, arrived);
  }
  temporary.append([{ type: 'newest', source: 's', timestamp: nowSeconds }], nowSeconds);
  temporary.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(temporary.path, database);

  const retention_rules = [
    { type: 'kept', days: 3_650 },
    { type: 'short', source: 's', days: 7 },
  ];
  const options = { home: home.path, config: { persistence: { retention_days: 30, retention_rules, search: false } } };
  for (const afterMs of seededIntegers(t, ROUNDS, 0, 120)) {
    const daemon = await DaemonProcess.start(options);
    await pause(afterMs);
    await daemon.kill('SIGKILL');
    using db = closing(new Sqlite(database));
    assert.deepEqual(databaseInconsistencies(db.db), []);
  }
  const daemon = await DaemonProcess.start(options);
  await waitFor('the end of a cleanup', () => readFileSync(daemon.paths.log, 'utf8').includes('"msg":"cleanup done"'));
  await daemon.stop();

  using db = closing(new Sqlite(database));
  assert.deepEqual(databaseInconsistencies(db.db), []);
  const left = db.db
    .prepare<[], string | null>("SELECT event_type || ' ' || (data_json ->> 'n') FROM events")
    .pluck()
    .all();
  const expected = Array.from({ length: EVENTS }, (_, n) => ({ type: types[n % 3] ?? '', n })).filter(
    ({ type, n }) => type === 'kept' || (type === 'gone' && ageDays(n) < 30),
  );
  assert.deepEqual(new Set(left), new Set(['newest', ...expected.map(({ type, n }) => `${type} ${n}`)].map(named)));
  const removed = db.db.prepare("SELECT value FROM meta WHERE key = 'retention_removed'").pluck().get();
  assert.equal(removed, EVENTS + 1 - left.length);
});

/** The newest has no number, which makes it NULL. */
function named(text: string): string | null {
  return text === 'newest' ? null : text;
}

function closing(db: Sqlite.Database): { db: Sqlite.Database; [Symbol.dispose]: () => void } {
  return { db, [Symbol.dispose]: () => db.close() };
}
