import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonProcess, type Ended } from '../../harness/daemon-process.ts';
import { refusedStart } from '../../harness/refused-start.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

describe('a second daemon', () => {
  test('names the first and exits; the first is not disturbed', async () => {
    await using first = await DaemonProcess.start();
    const client = first.connect();
    await client.recordBatch([{ type: 'a', source: 'b', timestamp: 1 }]);
    const second = await refusedStart({ home: first.home });
    assert.equal(second.exitCode, 1);
    assert.equal(second.stderr, `daybook: daybook is already running (pid ${first.process.pid})\n`);
    assert.equal((await client.recordBatch([{ type: 'a', source: 'b', timestamp: 2 }])).stored, 1);
    assert.equal((await first.connect().status()).pid, first.process.pid);
  });

  test('cannot have the same database under another home either', async () => {
    await using first = await DaemonProcess.start();
    using home = temporaryHome();
    const config = { persistence: { database_path: first.paths.database } };
    const second = await refusedStart({ home: home.path, config });
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, new RegExp(`already running \\(pid ${first.process.pid}\\)`));
  });

  test('cannot have the same database by another name', async () => {
    await using first = await DaemonProcess.start();
    using home = temporaryHome();
    const link = join(home.path, 'link.db');
    symlinkSync(first.paths.database, link);
    const config = { persistence: { database_path: link } };
    const { exitCode, stderr } = await refusedStart({ home: home.path, config });
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`already running \\(pid ${first.process.pid}\\)`));
  });

  test('of ten at once is one that wins', async (t) => {
    const home = temporaryHome();
    const daemons = Array.from({ length: 10 }, () => DaemonProcess.launch({ home: home.path }));
    t.after(async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      home.remove();
    });
    const ended: Ended[] = [];
    for (const daemon of daemons) void daemon.ended.then((end) => ended.push(end));
    await waitFor('nine to give up', () => ended.length >= 9);
    for (const { exitCode, stdout, stderr } of ended) {
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^daybook: daybook is already running( \(pid \d+\))?\n$/);
    }
    const winner = daemons.find(({ process }) => process.exitCode === null);
    assert.ok(winner);
    assert.equal((await winner.connect().recordBatch([{ type: 'a', source: 'b' }])).stored, 1);
    assert.equal(ended.length, 9);
    assert.equal((await winner.stop()).exitCode, 0);
  });

  test('may start when the first has ended, however it ended', async () => {
    using home = temporaryHome();
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      await using daemon = await DaemonProcess.start({ home: home.path });
      await daemon.kill(signal);
    }
    await (await DaemonProcess.start({ home: home.path })).stop();
  });
});
