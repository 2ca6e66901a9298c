import assert from 'node:assert/strict';
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { ordinaryUser } from '../harness/ordinary-user.ts';
import { refusedStart } from '../harness/refused-start.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const { uid, under } = ordinaryUser;

describe('what cannot be written', () => {
  test('row 11: a directory or a file: the start fails with its path, whose it is and the cure', {
    skip: ordinaryUser.skip,
  }, async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    ordinaryUser.own(home.path);
    await using daemon = await DaemonProcess.start({ home: home.path, under });
    const { dataDirectory, logDirectory, database, log } = daemon.paths;
    await new JudgedClient(daemon.connect(), ledger).send();
    await daemon.stop();
    const bytes = readFileSync(database);

    for (const [path, mode] of [
      [dataDirectory, 0o500],
      [logDirectory, 0o500],
      [database, 0o400],
      [`${database}.marker`, 0o400],
      [log, 0o200],
    ] as const) {
      const before = statSync(path).mode;
      chmodSync(path, mode);
      const { exitCode, stdout, stderr } = await refusedStart({ home: home.path, under });
      assert.deepEqual([exitCode, stdout], [1, '']);
      const cure = `daybook runs as user ${uid}, to whom it belongs; run: chmod u+rwX '${path}'`;
      assert.equal(stderr, `daybook: ${path} cannot be read and written: ${cure}\n`);
      chmodSync(path, before);
    }
    assert.ok(readFileSync(database).equals(bytes));

    await using next = await DaemonProcess.start({ home: home.path, under });
    await next.stop();
    ledger.assertInnocent(database);
  });

  test('row 11: a database of another user', {
    skip: process.getuid?.() === 0 ? ordinaryUser.skip : 'only root can give a file to another user',
  }, async () => {
    using home = temporaryHome();
    ordinaryUser.own(home.path);
    await using daemon = await DaemonProcess.start({ home: home.path, under });
    const { database } = daemon.paths;
    await daemon.stop();
    chownSync(database, 0, 0);
    const environment = { DAYBOOK_SUPERVISED: '1' };
    const { exitCode, stderr } = await refusedStart({ home: home.path, under, environment });
    assert.equal(exitCode, 0, 'a restart cures nothing');
    const cure = `it belongs to user 0, and daybook runs as user ${uid}; run: sudo chown ${uid} '${database}'`;
    assert.equal(stderr, `daybook: ${database} cannot be read and written: ${cure}\n`);
  });

  test('row 11: a file system that is read-only', { skip: SmallDisk.skip }, async () => {
    using disk = await SmallDisk.mount('8m');
    const options = { home: disk.path, under: disk.under };
    await (await DaemonProcess.start(options)).stop();
    disk.remount('ro');
    const { exitCode, stderr } = await refusedStart(options);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^daybook: \/\S+ cannot be read and written: its file system is read-only\n$/);
    disk.remount('rw');
    await (await DaemonProcess.start(options)).stop();
  });
});
