import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { openWriter } from '../../daemon/storage/open-database.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { idleOnceThereIs } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithoutFailingCalls as skip, withFailingCalls } from '../harness/failing-calls.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

interface Trial {
  under: (database: string) => string[];
  durability?: 'committed' | 'flushed';
  /** The fault comes when nothing does. */
  isWhenIdle?: boolean;
  /** What the daemon says of it. */
  reason: RegExp;
}

/** Sends until the daemon dies of its storage, and checks what it said and what the next one finds. */
async function assertDiesAndRecovers(trial: Trial): Promise<void> {
  using home = temporaryHome();
  const paths = daybookPaths({ DAYBOOK_HOME: home.path });
  const ledger = new Ledger();
  makeDatabase(paths.database);
  const quiet = join(home.path, 'quiet');

  await using daemon = await DaemonProcess.start({
    home: home.path,
    under: trial.under(paths.database),
    ...(trial.isWhenIdle === true && { nodeArguments: idleOnceThereIs(quiet) }),
  });
  const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
  const recorder = new JudgedClient(daemon.connect(), ledger, { source: 'recorder' });
  const events = sender.events(10);
  await sender.send(events, trial.durability);
  if (trial.isWhenIdle === true) writeFileSync(quiet, '');
  else {
    const { code, retryable } = await refusalOf(sender, trial.durability);
    // The daemon may be gone before the refusal is on its way.
    assert.ok(['storage_error', 'connection_lost'].includes(code), code);
    assert.ok(retryable);
  }
  await waitFor('the end of the daemon', () => daemon.process.exitCode !== null);
  const { exitCode, stderr } = await daemon.ended;
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, trial.reason);
  const log = readFileSync(paths.log, 'utf8').split('\n');
  assert.match(log.find((line) => line.includes('the storage has failed')) ?? '', trial.reason);
  const recorded = recorder.events(5);
  for (const event of recorded) recorder.client.record(event);

  await using next = await DaemonProcess.start({ home: home.path });
  await recorder.client.flush();
  ledger.acked(recorded);
  const again = new JudgedClient(next.connect(), ledger);
  // What had a receipt is known, and what had none can come again.
  assert.equal((await again.send(events)).duplicate, events.length);
  await again.send();
  assert.equal((await again.client.status()).gaps, 0);
  assert.equal((await next.stop()).exitCode, 0);
  ledger.assertInnocent(paths.database);
}

/** Which calls fail is counted, and making a database takes many. */
function makeDatabase(path: string): void {
  mkdirSync(dirname(path), { mode: 0o700 });
  openWriter(path).close();
}

async function refusalOf(sender: JudgedClient, durability?: 'committed' | 'flushed') {
  for (let round = 0; round < 2_000; round += 1) {
    try {
      await sender.send(undefined, durability);
    } catch (error) {
      return error as { code: string; retryable: boolean };
    }
  }
  throw new Error('nothing was refused');
}

describe('a disk that fails', { skip }, () => {
  test('row 8: fsync in a commit: nothing more is acknowledged, and a restart recovers', async () => {
    await assertDiesAndRecovers({
      under: (database) =>
        withFailingCalls({ path: `${database}-wal`, calls: 'fsync,fdatasync', fault: 'error=EIO', when: '8+' }),
      durability: 'flushed',
      reason: /commit failed: .*SQLITE_IOERR_FSYNC/,
    });
  });

  test('row 8: fsync of the log in a checkpoint', async () => {
    await assertDiesAndRecovers({
      under: (database) =>
        withFailingCalls({ path: `${database}-wal`, calls: 'fsync,fdatasync', fault: 'error=EIO', when: '2+' }),
      isWhenIdle: true,
      reason: /checkpoint failed: .*SQLITE_IOERR_FSYNC/,
    });
  });

  test('row 8: fsync of the database in a checkpoint', async () => {
    await assertDiesAndRecovers({
      under: (database) =>
        withFailingCalls({ path: database, calls: 'fsync,fdatasync', fault: 'error=EIO', when: '1+' }),
      isWhenIdle: true,
      reason: /checkpoint failed: .*SQLITE_IOERR_FSYNC/,
    });
  });

  test('row 9: a write of a commit', async () => {
    await assertDiesAndRecovers({
      under: (database) =>
        withFailingCalls({ path: `${database}-wal`, calls: 'pwrite64', fault: 'error=EIO', when: '61' }),
      reason: /commit failed: .*SQLITE_IOERR_WRITE/,
    });
  });

  test('row 9: a write of a checkpoint', async () => {
    await assertDiesAndRecovers({
      under: (database) => withFailingCalls({ path: database, calls: 'pwrite64', fault: 'error=EIO', when: '1+' }),
      isWhenIdle: true,
      reason: /checkpoint failed: .*SQLITE_IOERR_WRITE/,
    });
  });

  test('row 9: a write that the system cuts short, at the most bytes a file may have', async () => {
    await assertDiesAndRecovers({
      under: () => ['sh', '-c', 'ulimit -f 600; exec "$@"', 'sh'],
      reason: /commit failed: .*SQLITE_IOERR_WRITE/,
    });
  });

  test('row 10: a read fails one query, and neither the next one nor who sends', async () => {
    using home = temporaryHome();
    const { database } = daybookPaths({ DAYBOOK_HOME: home.path });
    const ledger = new Ledger();
    makeDatabase(database);
    // The newest events are in the log only. The writer still has them in memory; a reader's
    // first six are the schema and the number of the database, before it is asked anything.
    const fault = { path: `${database}-wal`, calls: 'pread64', fault: 'error=EIO', when: '7..8' } as const;
    await using daemon = await DaemonProcess.start({ home: home.path, under: withFailingCalls(fault) });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    await sender.send();
    const reader = daemon.connect({ reconnect: false });
    await assert.rejects(reader.page({}), { code: 'storage_error', retryable: true });
    await sender.send();
    const { events } = await waitFor('a query that is answered', () => reader.page({}).catch(() => undefined));
    assert.equal(events.length, 20);
    assert.equal((await sender.client.status()).storage, 'ok');
    const ended = await daemon.stop();
    assert.deepEqual([ended.exitCode, ended.stderr], [0, '']);

    // The next start looks twice, and finds nothing to complain about.
    await using next = await DaemonProcess.start({ home: home.path });
    assert.equal((await next.connect().status()).gaps, 0);
    await next.stop();
    ledger.assertInnocent(database);
    assert.deepEqual(
      readdirSync(dirname(database)).filter((file) => file.includes('.corrupt-')),
      [],
    );
  });
});
