import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { connect } from '../../client/index.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, storedNumbers } from './numbered-events.ts';
import { refusal } from './refusal.ts';

describe('a daemon that is not there yet', () => {
  test('receives what was recorded and answers what was asked, once it comes', async () => {
    using home = temporaryHome();
    const client = connect({ socketPath: daybookPaths({ DAYBOOK_HOME: home.path }).socket });
    for (const event of numberedFrom(0, 3)) client.record(event);
    const ready = client.ready();
    const status = client.status();
    const batch = client.recordBatch([numbered(3)]);
    await using daemon = await DaemonProcess.start({ home: home.path });
    assert.equal((await ready).daemon.pid, daemon.process.pid);
    assert.equal((await status).pid, daemon.process.pid);
    assert.equal((await batch).stored, 1);
    await client.flush();
    assert.deepEqual(new Set(await storedNumbers(client)), new Set(countTo(4)));
    await client.close();
  });

  test('is knocked at again while the directory, then the socket is missing', async (t) => {
    t.mock.method(Math, 'random', () => 0.1);
    using home = temporaryHome();
    const { socket, dataDirectory } = daybookPaths({ DAYBOOK_HOME: home.path });
    const transport = new RecordedTransport();
    const client = connect({ socketPath: socket, transport: transport.connect, spool: false });
    const ready = client.ready();
    client.record(numbered(0));
    await waitFor('three attempts', () => transport.attemptsMs.length >= 3);
    mkdirSync(dataDirectory, { mode: 0o700 });
    const before = transport.attemptsMs.length;
    await waitFor('two more', () => transport.attemptsMs.length >= before + 2);
    await using daemon = await DaemonProcess.start({ home: home.path });
    assert.equal(daemon.process.exitCode, null);
    await ready;
    await client.close();
    assert.equal(client.counters.stored, 1);
  });

  test('without reconnect that is the end: ready() and requests say so', async () => {
    using home = temporaryHome();
    const { socket } = daybookPaths({ DAYBOOK_HOME: home.path });
    const client = connect({ socketPath: socket, reconnect: false });
    const status = assert.rejects(client.status(), refusal('not_reachable', socket));
    await assert.rejects(client.ready(), refusal('not_reachable', socket));
    await status;
    await assert.rejects(client.page({}), refusal('closed'));
    await client.close();
  });
});

describe('kill -9 and restart', () => {
  test('events under way are stored exactly once, in order', async () => {
    let daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.02 } } });
    const { home } = daemon;
    const first = daemon;
    const client = connect({ socketPath: daemon.paths.socket });
    const total = 6_000;
    try {
      for (let from = 0; from < total; from += 50) {
        for (const event of numberedFrom(from, 50)) client.record(event);
        if (from % 1_500 === 750) {
          // Some of what was sent is committed, some is not, and the daemon does not say which.
          const { stored } = client.counters;
          await waitFor('a receipt', () => client.counters.stored > stored);
          await daemon.kill('SIGKILL');
          daemon = await DaemonProcess.start({ home });
        }
      }
      await client.flush();
      assert.deepEqual(await storedNumbers(client), countTo(total));
      const { stored, duplicate, pending, rejected, dropped } = client.counters;
      assert.deepEqual(
        { acknowledged: stored + duplicate, pending, rejected, dropped },
        { acknowledged: total, pending: 0, rejected: 0, dropped: 0 },
      );
    } finally {
      await client.close();
      await daemon.stop();
      await first.stop();
    }
  });

  test('requests pending across it are answered by the next daemon', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.ready();
    daemon.process.kill('SIGSTOP');
    const asked = [client.status(), client.stats(), client.page({}), client.recordBatch([numbered(0)])] as const;
    daemon.process.kill('SIGKILL');
    await daemon.ended;
    await using again = await DaemonProcess.start({ home: daemon.home });
    const [status, , , receipt] = await Promise.all(asked);
    assert.equal(status.pid, again.process.pid);
    assert.equal(receipt.stored + receipt.duplicate, 1);
    assert.deepEqual(await storedNumbers(client), [0]);
    await client.close();
  });

  test('a pattern is not stored twice: its request fails as connection_lost', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.ready();
    daemon.process.kill('SIGSTOP');
    const pattern = { patternType: 'habit', confidence: 0.5, patternData: '{}' };
    const lost = assert.rejects(client.storePattern(pattern), refusal('connection_lost'));
    daemon.process.kill('SIGKILL');
    await daemon.ended;
    await lost;
    await using again = await DaemonProcess.start({ home: daemon.home });
    assert.equal(again.process.exitCode, null);
    assert.equal((await client.stats()).database_stats.total_patterns, 0);
    assert.deepEqual(await client.storePattern(pattern), { id: 1 });
    await client.close();
  });

  test('ready() then means the new daemon', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const first = await client.ready();
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    const second = await waitFor('another greeting', async () => {
      const greeting = await client.ready();
      return greeting.daemon.pid === first.daemon.pid ? undefined : greeting;
    });
    assert.equal(second.daemon.pid, again.process.pid);
    assert.equal(second.databaseId, first.databaseId);
    await client.close();
  });
});

describe('an idle client that lost its daemon', () => {
  test('does not knock while it has nothing to say', async (t) => {
    t.mock.method(Math, 'random', () => 0.01);
    await using daemon = await DaemonProcess.start();
    const transport = new RecordedTransport();
    const client = daemon.connect({ transport: transport.connect });
    await client.ready();
    await daemon.kill('SIGKILL');
    // Other clients would be back within milliseconds. This one is watched for as long as eight of their tries take.
    const busy = new RecordedTransport();
    const other = daemon.connect({ transport: busy.connect });
    other.record(numbered(0));
    const knocking = other.status();
    await waitFor('eight tries of a busy client', () => busy.attemptsMs.length >= 8);
    assert.equal(transport.attemptsMs.length, 1);
    await using again = await DaemonProcess.start({ home: daemon.home });
    assert.equal(again.process.exitCode, null);
    await knocking;
    await Promise.all([client.close(), other.close()]);
  });

  test('is back for the next request', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.ready();
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    assert.equal((await client.status()).pid, again.process.pid);
    await client.close();
  });

  test('is back for the next event, without a flush', async (t) => {
    // No pause, so that the client is idle as soon as it has seen the loss.
    t.mock.method(Math, 'random', () => 0);
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.02 } } });
    const watcher = daemon.connect();
    const client = daemon.connect();
    await Promise.all([client.ready(), watcher.ready()]);
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    assert.equal(again.process.exitCode, null);
    // By the time another client has made a new connection and had an answer, this one has seen the loss too.
    await watcher.status();
    client.record(numbered(0));
    await waitFor('the receipt', () => client.counters.stored === 1);
    await Promise.all([client.close(), watcher.close()]);
  });
});
