import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import type { DaybookPaths } from '../../shared/paths.ts';
import type { StatusReply } from '../../shared/messages/status.ts';
import { startDaybook } from '../harness/command-line.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { gapsOf } from '../harness/gaps-of.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { refusedStart } from '../harness/refused-start.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Asks a daemon whose files were taken away to store something, and checks that it says why it ends instead. */
async function assertEnds(daemon: DaemonProcess, sender: JudgedClient, reason: RegExp): Promise<void> {
  await assert.rejects(sender.send(), ({ code, retryable }: { code: string; retryable: boolean }) => {
    assert.ok(['storage_error', 'connection_lost'].includes(code), code);
    return retryable;
  });
  await assert.rejects(sender.send());
  await waitFor('the end of the daemon', () => daemon.process.exitCode !== null);
  const { exitCode, stderr } = await daemon.ended;
  assert.equal(exitCode, 1);
  assert.match(stderr, reason);
  const fatal = readFileSync(daemon.paths.log, 'utf8')
    .split('\n')
    .find((line) => line.includes('the storage has failed'));
  assert.match(fatal ?? '', reason);
}

/** Checks that a start is refused, with the cure, and changes nothing. */
async function assertRefused(home: string, database: string, reason: RegExp, environment = {}): Promise<void> {
  const bytes = () => (existsSync(database) ? readFileSync(database) : undefined);
  const before = bytes();
  const ended = await refusedStart({ home, environment });
  // A service manager would start it again and again.
  const exitCode = 'DAYBOOK_SUPERVISED' in environment ? 0 : 1;
  assert.deepEqual([ended.exitCode, ended.stdout], [exitCode, ''], ended.stderr);
  assert.match(ended.stderr, reason);
  assert.match(ended.stderr, /daybook daemon --init\n$/);
  assert.deepEqual(bytes(), before);
}

/** Takes the cure, and checks how many events there then are. */
async function assertInitTakes(home: string, events: number, starts = [['--init']]): Promise<void> {
  for (const flags of starts) {
    await using daemon = await DaemonProcess.start({ home, flags });
    assert.equal((await daemon.connect().stats()).database_stats.total_events, events);
    await daemon.stop();
  }
}

describe('files that go away', () => {
  test('row 16: the log, while the daemon runs: nothing more is acknowledged, and all that was is kept', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    for (let round = 0; round < 5; round += 1) await sender.send();
    // A reader has it open as well.
    await sender.client.page({});
    rmSync(`${daemon.paths.database}-wal`);
    await assertEnds(daemon, sender, /events\.db-wal was deleted/);
    await using next = await DaemonProcess.start({ home: home.path });
    assert.deepEqual(await gapsOf(next), []);
    await next.stop();
    ledger.assertInnocent(daemon.paths.database);
  });

  test('row 16: the log, while no daemon runs: what is gone is a gap, and ids go on', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    await sender.send(sender.events(7));
    await daemon.stop();
    await using second = await DaemonProcess.start({ home: home.path });
    const { database_id: databaseId } = await second.connect().status();
    const lost = new JudgedClient(second.connect({ reconnect: false }), new Ledger());
    const since = Date.now() / 1000;
    for (let round = 0; round < 3; round += 1) await lost.send(lost.events(4));
    await second.kill('SIGKILL');
    rmSync(`${second.paths.database}-wal`);

    await using third = await DaemonProcess.start({ home: home.path });
    const status: StatusReply = await third.connect().status();
    assert.deepEqual([status.database_id, status.last_id, status.gaps], [databaseId, 19, 1]);
    const [gap] = await gapsOf(third);
    assert.deepEqual([gap?.reason, gap?.count, gap?.source, gap?.producer], ['lost_after_commit', 12, null, null]);
    assert.ok((gap?.since ?? 0) <= since + 1 && (gap?.until ?? 0) >= since, JSON.stringify(gap));
    const receipt = await new JudgedClient(third.connect(), ledger).send(sender.events(3));
    assert.equal(receipt.firstId, 20);
    await third.stop();
    // It is told once.
    await using fourth = await DaemonProcess.start({ home: home.path });
    assert.equal((await fourth.connect().status()).gaps, 1);
    await fourth.stop();
    const offences = ledger.judge(third.paths.database).filter(({ what }) => !/^a gap|^a counter of ids/.test(what));
    assert.deepEqual(offences, []);
  });

  test('row 17: the database is deleted under the daemon: no further receipt, and it ends', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), new Ledger());
    await sender.send();
    rmSync(daemon.paths.database);
    await assertEnds(daemon, sender, /events\.db was deleted/);
    await assertRefused(home.path, daemon.paths.database, /events\.db is missing/);
    await assertInitTakes(home.path, 0);
  });

  test('row 17: the database is moved away under the daemon, and all of it is there once it is back', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database } = daemon.paths;
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    for (let round = 0; round < 3; round += 1) await sender.send();
    renameSync(database, `${database}.away`);
    await assertEnds(daemon, sender, /events\.db was deleted/);
    await assertRefused(home.path, database, /events\.db is missing/);

    renameSync(`${database}.away`, database);
    await using next = await DaemonProcess.start({ home: home.path });
    assert.deepEqual(await gapsOf(next), []);
    await next.stop();
    ledger.assertInnocent(database);
  });

  test('row 17: the database is emptied under the daemon, and its log is kept when somebody begins anew', async () => {
    using home = temporaryHome();
    const { database } = await homeWithEvents(home.path, 3_000);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), new Ledger());
    await sender.send();
    truncateSync(database);
    // The commit may meet a page that is gone before the file is looked at.
    await assertEnds(daemon, sender, /events\.db was emptied|SQLITE_CORRUPT/);
    await assertRefused(home.path, database, /events\.db is empty/);
    await assertInitTakes(home.path, 0);
    assert.equal(orphanedLogs(database).length, 1);
  });

  test('row 17: another database takes its place: it is left as it is, and refused', async () => {
    using home = temporaryHome();
    using other = new TemporaryDatabase();
    other.append([{ type: 'other', source: 's', timestamp: 1 }]);
    other.db.pragma('wal_checkpoint(TRUNCATE)');
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database } = daemon.paths;
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), new Ledger());
    await sender.send();
    const replacement = join(home.path, 'replacement');
    copyFileSync(other.path, replacement);
    const bytes = readFileSync(replacement);
    renameSync(replacement, database);
    await assertEnds(daemon, sender, /events\.db is another file/);
    assert.ok(readFileSync(database).equals(bytes));
    // The log of the one that is gone is not laid over it, and not thrown away.
    assert.equal(orphanedLogs(database).length, 1);
    await assertRefused(home.path, database, /events\.db is another database/);
    await assertInitTakes(home.path, 1, [['--init'], []]);
  });

  test('row 18: an emptied database beside its marker is refused until somebody says --init', async () => {
    using home = temporaryHome();
    const { database } = await homeWithEvents(home.path);
    truncateSync(database);
    await assertRefused(home.path, database, /events\.db is empty/);
    await assertRefused(home.path, database, /events\.db is empty/, { DAYBOOK_SUPERVISED: '1' });

    await using initialised = startDaybook(home.path, ['daemon', '--init']);
    await initialised.prints('is ready');
    initialised.process.kill('SIGTERM');
    assert.equal((await initialised.ended).exitCode, 0);
    await using next = await DaemonProcess.start({ home: home.path });
    assert.equal((await next.connect().stats()).database_stats.total_events, 0);
  });

  test('row 18: a missing database likewise', async () => {
    using home = temporaryHome();
    const { database } = await homeWithEvents(home.path);
    rmSync(database);
    await assertRefused(home.path, database, /events\.db is missing/);
    await assertInitTakes(home.path, 0, [['--init'], []]);
  });
});

function orphanedLogs(database: string): string[] {
  return readdirSync(dirname(database)).filter((file) => /^events\.db\.orphaned-\w+-wal$/.test(file));
}

async function homeWithEvents(home: string, count = 10): Promise<DaybookPaths> {
  await using daemon = await DaemonProcess.start({ home });
  const sender = new JudgedClient(daemon.connect(), new Ledger());
  await sender.send(sender.events(count));
  await daemon.stop();
  return daemon.paths;
}
