import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
import { refusedStart } from '../../harness/refused-start.ts';
import { refusesToStart } from '../../harness/refuses-to-start.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

describe('a daemon that starts', () => {
  test('says so on one line, with its pid and paths', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().status();
    const { stdout, stderr, exitCode } = await daemon.kill('SIGTERM');
    assert.match(stdout, /^daybook \d+\.\d+\.\d+ is ready: .*\n$/);
    for (const part of [`pid ${daemon.process.pid},`, daemon.paths.socket, daemon.paths.database]) {
      assert.ok(stdout.includes(part), part);
    }
    assert.deepEqual([stderr, exitCode], ['', 0]);
  });

  test('makes every file for its user alone, whatever the umask', async (t) => {
    const umask = process.umask(0);
    let daemon: DaemonProcess;
    try {
      daemon = await DaemonProcess.start();
    } finally {
      process.umask(umask);
    }
    t.after(() => daemon.stop());
    await daemon.connect().recordBatch([{ type: 'a', source: 'b' }]);
    const entries = readdirSync(daemon.home, { recursive: true, withFileTypes: true });
    const names = entries.map(({ name }) => name);
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm', 'daybook.sock', 'daybook.log', 'daybook.lock']) {
      assert.ok(names.includes(name), name);
    }
    for (const entry of entries) {
      const { mode } = lstatSync(join(entry.parentPath, entry.name));
      if (entry.isDirectory()) assert.equal(mode & 0o777, 0o700, entry.name);
      else if (entry.isFile()) assert.equal(mode & 0o777, 0o600, entry.name);
      else assert.equal(mode & 0o077, 0, entry.name);
    }
  });

  test('keeps the database where the configuration says, and everything else in its home', async () => {
    using elsewhere = temporaryHome();
    const database = join(elsewhere.path, 'deep', 'er', 'mine.db');
    await using daemon = await DaemonProcess.start({ config: { persistence: { database_path: database } } });
    const client = daemon.connect();
    await client.recordBatch([{ type: 'a', source: 'b' }]);
    const status = await client.status();
    assert.equal(status.database, database);
    assert.ok(statSync(database).size > 0);
    assert.equal(existsSync(daemon.paths.database), false);
    assert.ok(status.socket.startsWith(daemon.home));
  });

  test('does not mind others reading the directory of a database elsewhere', async () => {
    using elsewhere = temporaryHome();
    chmodSync(elsewhere.path, 0o755);
    const database_path = join(elsewhere.path, 'mine.db');
    await using daemon = await DaemonProcess.start({ config: { persistence: { database_path } } });
    assert.equal((await daemon.connect().recordBatch([{ type: 'a', source: 'b' }])).stored, 1);
    assert.equal(statSync(database_path).mode & 0o077, 0);
  });
});

describe('a daemon with a database that is not its own', () => {
  test('does not start, and says what is wrong: no database', async () => {
    using home = preparedHome();
    writeFileSync(home.paths.database, Buffer.alloc(8192, 'garbage'));
    await refusesToStart({ home: home.path }, /not a database/);
    assert.deepEqual(readFileSync(home.paths.database), Buffer.alloc(8192, 'garbage'));
  });

  test('exits with 0 under a service manager when a restart cannot cure it, and with 1 when it can', async () => {
    using home = preparedHome();
    writeFileSync(home.paths.config, '{"unknown": 1}', { mode: 0o600 });
    const environment = { DAYBOOK_SUPERVISED: '1' };
    const permanent = await refusedStart({ home: home.path, environment });
    assert.equal(permanent.exitCode, 0);
    const underSystemd = await refusedStart({ home: home.path, environment: { DAYBOOK_SUPERVISED: 'systemd' } });
    assert.equal(underSystemd.exitCode, 78, 'which its unit names, so that it shows as a failure');
    assert.match(permanent.stderr, /unknown: is not a key/);
    writeFileSync(home.paths.config, '{}');
    writeFileSync(home.paths.database, Buffer.alloc(8192, 'garbage'));
    assert.equal((await refusedStart({ home: home.path, environment })).exitCode, 1);
  });
});
