import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DaemonProcess, type Ended } from '../harness/daemon-process.ts';
import { refusedStart } from '../harness/refused-start.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';
import { waited } from '../harness/waited.ts';

const event = (n: number) => ({ type: 'a', source: 'b', timestamp: n });

describe('a second daemon', () => {
  test('row 22: names the first and exits; the first serves on, and keeps its socket', async () => {
    await using first = await DaemonProcess.start();
    const client = first.connect();
    const socket = lstatSync(first.paths.socket).ino;
    const starts = Array.from({ length: 3 }, () => refusedStart({ home: first.home }));
    const over = new AbortController();
    const ended = Promise.all(starts).finally(() => over.abort());
    let sent = 0;
    let slowestMs = 0;
    while (!over.signal.aborted) {
      const tookMs = await waited(async () => {
        assert.equal((await client.recordBatch([event(sent)])).stored, 1);
      });
      slowestMs = Math.max(slowestMs, tookMs);
      sent += 1;
    }
    const message = `daybook: daybook is already running (pid ${first.process.pid})\n`;
    for (const { exitCode, stdout, stderr } of await ended)
      assert.deepEqual([exitCode, stdout, stderr], [1, '', message]);
    assert.ok(slowestMs < 2_000, `a receipt took ${slowestMs} ms`);
    assert.equal(lstatSync(first.paths.socket).ino, socket);
    assert.equal((await first.connect().stats()).database_stats.total_events, sent);
  });

  test('row 22: under a service manager exits with 0, or it would be started for ever', async () => {
    await using first = await DaemonProcess.start();
    const second = await refusedStart({ home: first.home, environment: { DAYBOOK_SUPERVISED: '1' } });
    assert.deepEqual([second.exitCode, second.stdout], [0, '']);
    assert.match(second.stderr, new RegExp(`already running \\(pid ${first.process.pid}\\)`));
  });

  test('row 22: of ten at once one wins, and nine say who', async (t) => {
    const home = temporaryHome();
    const daemons = Array.from({ length: 10 }, () => DaemonProcess.launch({ home: home.path }));
    t.after(async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      home.remove();
    });
    const ended: Ended[] = [];
    for (const daemon of daemons) void daemon.ended.then((end) => ended.push(end));
    await waitFor('nine to give up', () => ended.length >= 9);
    const winner = daemons.find(({ process }) => process.exitCode === null);
    assert.ok(winner);
    // Whoever lost before the winner had written its pid does not know it.
    const message = new RegExp(`^daybook: daybook is already running( \\(pid ${winner.process.pid}\\))?\\n$`);
    for (const { exitCode, stdout, stderr } of ended) {
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, message);
    }
    assert.equal((await winner.connect().recordBatch([event(1)])).stored, 1);
    assert.equal(ended.length, 9);
    assert.equal((await winner.stop()).exitCode, 0);
  });
});
