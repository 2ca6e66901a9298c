import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { refusedStart } from '../../harness/refused-start.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

describe('a second daemon', () => {
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

  test('may start when the first has ended, however it ended', async () => {
    using home = temporaryHome();
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      await using daemon = await DaemonProcess.start({ home: home.path });
      await daemon.kill(signal);
    }
    await (await DaemonProcess.start({ home: home.path })).stop();
  });
});
