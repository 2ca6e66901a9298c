import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { DaybookError } from '../../client/index.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { filesWith } from '../harness/files-with.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { RawClient } from '../harness/raw-client.ts';
import { refusedStart } from '../harness/refused-start.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const { skip } = SmallDisk;
/** Does not compress. */
const text = Array.from({ length: 700 }, (_, n) =>
  Math.sqrt(n + 2)
    .toString(36)
    .slice(2),
).join('');

async function untilRefused(sender: JudgedClient): Promise<DaybookError> {
  for (let round = 0; round < 10_000; round += 1) {
    try {
      await sender.send(sender.events(20));
    } catch (error) {
      return error as DaybookError;
    }
  }
  throw new Error('the disk never was full');
}

describe('a full disk', { skip }, () => {
  test('row 5: events are refused as retryable, reads go on, and with room again it goes on by itself', async () => {
    using elsewhere = temporaryHome();
    using disk = await SmallDisk.mount('3m');
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: disk.path, under: disk.under });
    const socketPath = disk.seen(daemon.paths.socket);
    const sender = new JudgedClient(daemon.connect({ socketPath }), ledger, { text });
    const recorder = new JudgedClient(daemon.connect({ socketPath, commitAtOnce: true }), ledger, {
      source: 'stream',
      text,
    });

    const { code, retryable, message } = await untilRefused(sender);
    assert.deepEqual([code, retryable], ['disk_full', true], message);
    disk.fill();
    assert.equal((await untilRefused(sender)).code, 'disk_full');
    assert.equal((await sender.client.status()).storage, 'disk_full');
    const acknowledged = ledger.totals.acked;
    assert.ok(acknowledged >= 100);
    assert.equal((await sender.client.stats()).database_stats.total_events, acknowledged);
    let listed = 0;
    for await (const { data } of sender.client.events({})) {
      assert.equal(data['text'], text);
      listed += 1;
    }
    assert.equal(listed, acknowledged);

    // It tries again and again, and is refused, until there is room.
    const retried = recorder.events(50);
    for (const event of retried) recorder.client.record(event);
    await assert.rejects(sender.send(sender.events(20)), { code: 'disk_full' });
    assert.ok(recorder.client.counters.pending > 0);
    disk.resize('64m');
    await recorder.client.flush();
    ledger.acked(retried);
    assert.equal((await sender.client.status()).storage, 'ok');
    await sender.send();

    const ended = await daemon.stop();
    assert.deepEqual([ended.exitCode, ended.stderr], [0, '']);
    ledger.assertInnocent(disk.copyDatabase(daemon.paths.database, elsewhere.path));
  });

  test('row 5: a daemon ends in order while the disk is full, or by kill -9, and nothing acknowledged is gone', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      using elsewhere = temporaryHome();
      using disk = await SmallDisk.mount('2m');
      const ledger = new Ledger();
      await using daemon = await DaemonProcess.start({ home: disk.path, under: disk.under });
      const sender = new JudgedClient(daemon.connect({ socketPath: disk.seen(daemon.paths.socket) }), ledger, { text });
      await untilRefused(sender);
      disk.fill();
      await untilRefused(sender);
      const { exitCode } = await daemon.kill(signal);
      assert.equal(exitCode, signal === 'SIGTERM' ? 0 : null);

      disk.resize('16m');
      await using next = await DaemonProcess.start({ home: disk.path, under: disk.under });
      const client = next.connect({ socketPath: disk.seen(next.paths.socket) });
      assert.equal((await client.status()).gaps, 0);
      await next.stop();
      ledger.assertInnocent(disk.copyDatabase(next.paths.database, elsewhere.path));
    }
  });

  test('row 5: what cannot be forgotten for want of room is forgotten when there is some, to the last byte', async () => {
    using disk = await SmallDisk.mount('4m');
    await using daemon = await DaemonProcess.start({ home: disk.path, under: disk.under });
    const client = daemon.connect({ socketPath: disk.seen(daemon.paths.socket), spool: false });
    const secret = 'Xq7pasSwordZ';
    const events = Array.from({ length: 300 }, (_, n) => ({
      type: 'clip',
      source: 's',
      timestamp: n,
      data: { text: `${secret} ${n}` },
    }));
    const { firstId, stored } = await client.recordBatch(events);
    const ids = events.map((_, index) => (firstId ?? 0) + index);
    await untilRefused(new JudgedClient(client, new Ledger(), { text }));
    disk.fill();
    const before = (await client.stats()).database_stats.total_events;
    // There is always room for some of it in the log as it is.
    const [forgotten, cleared] = await Promise.allSettled([
      client.forget({ ids }),
      client.forgetTraces({ thorough: true }),
    ]);
    for (const { reason } of [forgotten, cleared].filter(
      ({ status }) => status === 'rejected',
    ) as PromiseRejectedResult[]) {
      assert.equal((reason as DaybookError).code, 'disk_full');
    }
    const isAllDone =
      forgotten.status === 'fulfilled' && cleared.status === 'fulfilled' && cleared.value.left.length === 0;
    assert.ok(!isAllDone, 'not all of it can be done on a full disk');

    disk.resize('64m');
    await client.forget({ ids });
    assert.deepEqual((await client.forgetTraces()).left, []);
    assert.equal((await client.stats()).database_stats.total_events, before - stored);
    assert.deepEqual(filesWith(disk.outside, secret), []);
    const [copy] = events;
    assert.equal((await client.recordBatch(copy === undefined ? [] : [copy])).rejected[0]?.code, 'forgotten');
  });

  test('row 6: a daemon that starts on a full disk says so and ends; with room it starts', async () => {
    using elsewhere = temporaryHome();
    using disk = await SmallDisk.mount('2m');
    const options = { home: disk.path, under: disk.under };
    const ledger = new Ledger();
    const refused = async () => {
      disk.fill();
      const { exitCode, stdout, stderr } = await refusedStart(options);
      assert.deepEqual([exitCode, stdout], [1, ''], stderr);
      assert.match(stderr, /^daybook: .*(disk is full|no space left on device).*\n$/i);
      disk.empty();
    };
    await refused();
    await using daemon = await DaemonProcess.start(options);
    const sender = new JudgedClient(daemon.connect({ socketPath: disk.seen(daemon.paths.socket) }), ledger, { text });
    await sender.send();
    await daemon.stop();
    await refused();
    await using next = await DaemonProcess.start(options);
    await next.stop();
    ledger.assertInnocent(disk.copyDatabase(next.paths.database, elsewhere.path));
  });

  test('row 6: a log that cannot be written costs no event', async () => {
    using home = temporaryHome();
    const { logDirectory } = daybookPaths({ DAYBOOK_HOME: home.path });
    mkdirSync(logDirectory, { mode: 0o700 });
    using disk = await SmallDisk.mount('64k', logDirectory);
    const ledger = new Ledger();
    const config = { log_level: 'debug' };
    await using daemon = await DaemonProcess.start({ home: home.path, under: disk.under, config });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    disk.fill();
    // Each connection that ends is a line.
    for (let round = 0; round < 20; round += 1) {
      (await RawClient.greet(daemon.paths.socket)).destroy();
      await sender.send();
    }
    const log = () => readFileSync(disk.seen(daemon.paths.log), 'utf8');
    const before = log();
    disk.resize('1m');
    await waitFor('the log to go on', async () => {
      (await RawClient.greet(daemon.paths.socket)).destroy();
      return log().length > before.length;
    });
    const ended = await daemon.stop();
    assert.deepEqual([ended.exitCode, ended.stderr], [0, '']);
    ledger.assertInnocent(daemon.paths.database);
  });
});
