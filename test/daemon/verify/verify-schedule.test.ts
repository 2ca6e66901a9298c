import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { WalkResult } from '../../../daemon/verify/verify-messages.ts';
import { VerifySchedule } from '../../../daemon/verify/verify-schedule.ts';
import { noteLook, readLastLook, readUnderWay } from '../../../shared/last-look.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

const DAY_MS = 86_400_000;
const COUNT = 400;

function trialIn(t: TestContext) {
  const database = new TemporaryDatabase();
  const databaseId = String(database.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
  database.append(Array.from({ length: COUNT }, (_, n) => ({ type: 't', source: 's', timestamp: n, data: { n } })));
  const results: WalkResult[] = [];
  const failures: [reason: string, isDamaged: boolean][] = [];
  const schedules: VerifySchedule[] = [];
  t.after(async () => {
    for (const schedule of schedules) await schedule.close();
    database[Symbol.dispose]();
  });
  const open = (share: number, intervalDays = 7) => {
    const schedule = new VerifySchedule({
      databasePath: database.path,
      databaseId,
      intervalMs: () => intervalDays * DAY_MS,
      rows: 50,
      share,
      onDone: (result) => results.push(result),
      onFailed: (...failure) => failures.push(failure),
    });
    schedules.push(schedule);
    return schedule;
  };
  return { database, databaseId, results, failures, open };
}

describe('VerifySchedule', () => {
  test('looks through all events a week after the database was made, and a week later again', async (t) => {
    const { database, databaseId, results, open } = trialIn(t);
    const schedule = open(1);
    schedule.look(Date.now());
    assert.equal(schedule.isWalking, false);
    assert.equal(open(1, 0).dueMs, undefined);
    schedule.look(Date.now() + 7 * DAY_MS);
    assert.equal(schedule.isWalking, true);
    await waitFor('the end', () => results.length === 1);
    assert.deepEqual(
      { ...results[0], started: 0 },
      { started: 0, checked: COUNT, damaged: [], structure: 'ok', wrong: [] },
    );
    const look = readLastLook(database.path);
    assert.deepEqual([look?.checked, look?.sound, look?.database_id], [COUNT, true, databaseId]);
    assert.ok(Math.abs((look?.at ?? 0) - Date.now() / 1000) < 60);
    const due = open(1).dueMs ?? assert.fail('another is due');
    assert.ok(Math.abs(due - Date.now() - 7 * DAY_MS) < 60_000);

    // One by hand counts as well, and a clock that was wrong does not keep it from another.
    noteLook(database.path, { database_id: databaseId, at: Date.now() / 1000 + 90 * 86_400, checked: 1, sound: true });
    schedule.look(Date.now());
    await waitFor('the end', () => results.length === 2);
  });

  test('goes on where it was when its process ends, and names what is damaged', async (t) => {
    const { database, databaseId, results, open } = trialIn(t);
    database.db.exec(`UPDATE event SET data = '{"n":-1}' WHERE id IN (7, 390)`);
    const slow = open(0.000_1);
    slow.look(Date.now() + 7 * DAY_MS);
    const begun = await waitFor('the first slice', () => readUnderWay(database.path, databaseId));
    assert.deepEqual([begun.after_id, begun.checked, begun.damaged], [50, 50, [7]]);
    await slow.close();
    slow.look(Date.now() + 7 * DAY_MS);
    assert.equal(slow.isWalking, false);

    open(1).look(Date.now());
    await waitFor('the end', () => results.length === 1);
    assert.deepEqual([results[0]?.checked, results[0]?.damaged, results[0]?.structure], [COUNT, [7, 390], 'ok']);
    assert.equal(results[0]?.started, begun.started);
    const look = readLastLook(database.path);
    assert.deepEqual([look?.sound, look?.damaged], [false, [7, 390]]);
    assert.equal(readUnderWay(database.path, databaseId), undefined);
  });

  test('that cannot be made is tried again an hour later', async (t) => {
    const { database, failures, open } = trialIn(t);
    database.db.pragma('application_id = 1');
    const schedule = open(1);
    const nowMs = Date.now() + 7 * DAY_MS;
    schedule.look(nowMs);
    await waitFor('the failure', () => failures.length === 1);
    assert.match(failures[0]?.[0] ?? '', /another mark/);
    schedule.look(nowMs + 3_599_000);
    assert.equal(schedule.isWalking, false);
    schedule.look(nowMs + 3_600_000);
    await waitFor('the next failure', () => failures.length === 2);
  });
});
