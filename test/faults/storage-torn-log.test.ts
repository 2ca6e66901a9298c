import assert from 'node:assert/strict';
import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { gapsOf } from '../harness/gaps-of.ts';
import { GuardedTrial } from '../harness/guarded-trial.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { assertGapsCountWhatIsLost } from '../harness/lost-events.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const LOG_HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4_096;

describe('a log that lost its end', () => {
  test('row 15: through a daemon: what is gone is a gap, the rest is there, ids and commits go on', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database } = daemon.paths;
    const sender = new JudgedClient(daemon.connect(), ledger);
    const sizes: number[] = [];
    for (let commit = 0; commit < 6; commit += 1) {
      await sender.send(sender.events(5));
      sizes.push(statSync(`${database}-wal`).size);
    }
    const { database_id: databaseId } = await sender.client.status();
    await daemon.kill('SIGKILL');
    // In the middle of the fifth commit.
    truncateSync(`${database}-wal`, Math.round(((sizes[3] ?? 0) + (sizes[4] ?? 0)) / 2));

    await using next = await DaemonProcess.start({ home: home.path });
    const gaps = await gapsOf(next);
    assert.deepEqual(
      gaps.map(({ reason, count }) => [reason, count]),
      [['lost_after_commit', 10]],
    );
    const status = await next.connect().status();
    assert.deepEqual([status.database_id, status.last_id, status.gaps], [databaseId, 30, 1]);
    const again = new JudgedClient(next.connect(), ledger);
    assert.equal((await again.send(sender.events(1))).firstId, 31);
    await next.stop();
    assertGapsCountWhatIsLost(ledger, database, gaps);
  });

  test('row 15: wherever it was torn, what is left are the first commits, and the gap says how many events are not', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 3);
    trial.checkpoint();
    const log = `${trial.path}-wal`;
    /** Size of the log, and the highest id, after each commit. */
    const commits = [{ bytes: 0, lastId: 3 }];
    for (let commit = 0; commit < 5; commit += 1) {
      trial.append(10 * commit + 10, 10 * commit + 10 + commit);
      commits.push({ bytes: statSync(log).size, lastId: trial.marked?.lastId ?? 0 });
    }
    trial.crash();
    const { bytes = 0, lastId = 0 } = commits.at(-1) ?? {};
    for (const suffix of ['', '-wal', '.marker']) copyFileSync(trial.path + suffix, `${trial.path}${suffix}.whole`);

    const borders = new Set([0, 1, LOG_HEADER_BYTES - 1, LOG_HEADER_BYTES]);
    for (let frame = LOG_HEADER_BYTES; frame <= bytes; frame += FRAME_BYTES) {
      for (const border of [frame - 1, frame, frame + 1, frame + 23, frame + 24, frame + 2_000]) borders.add(border);
    }
    let torn = 0;
    for (const size of borders) {
      if (size > bytes) continue;
      torn += 1;
      for (const suffix of ['', '-wal', '.marker']) copyFileSync(`${trial.path}${suffix}.whole`, trial.path + suffix);
      truncateSync(log, size);
      trial.open();
      const kept = commits.findLast((commit) => commit.bytes <= size)?.lastId ?? 0;
      const ids = trial.db.prepare<[], number>('SELECT id FROM event ORDER BY id').pluck().all();
      const what = `torn at ${size} of ${bytes}`;
      assert.deepEqual(
        ids,
        Array.from({ length: kept }, (_, index) => index + 1),
        what,
      );
      const lost = trial.gaps().map(({ count, reason }) => [count, reason]);
      assert.deepEqual(lost, kept === lastId ? [] : [[lastId - kept, 'lost_after_commit']], what);
      assert.equal(trial.db.pragma('quick_check', { simple: true }), 'ok', what);
      assert.equal(trial.append(900, 900), lastId + 1, what);
      trial.close();
    }
    assert.ok(torn > 100, `torn at ${torn} places`);
  });
});
