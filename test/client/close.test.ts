import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { FakeDaemon } from '../harness/fake-daemon.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, storedNumbers } from './numbered-events.ts';
import { refusal } from './refusal.ts';

describe('close()', () => {
  test('delivers first', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    const client = connect({ socketPath: daemon.paths.socket });
    for (const event of numberedFrom(0, 2_000)) client.record(event);
    await client.close();
    assert.equal(client.counters.stored, 2_000);
    assert.deepEqual(await storedNumbers(daemon.connect()), countTo(2_000));
  });

  test('ends the connection', async () => {
    await using daemon = await DaemonProcess.start();
    const watcher = daemon.connect();
    const client = connect({ socketPath: daemon.paths.socket });
    await client.ready();
    assert.equal((await watcher.status()).connections, 2);
    await client.close();
    await waitFor('the connection to end', async () => (await watcher.status()).connections === 1);
  });

  test('happens at the end of `await using`', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    {
      await using client = connect({ socketPath: daemon.paths.socket });
      client.record(numbered(0));
    }
    assert.deepEqual(await storedNumbers(daemon.connect()), [0]);
  });

  test('may be repeated', async () => {
    await using daemon = await DaemonProcess.start();
    const client = connect({ socketPath: daemon.paths.socket });
    await Promise.all([client.close(), client.close()]);
    await client.close();
  });

  test('without a spool rejects with the number of events without a receipt, after its timeout', async () => {
    await using daemon = await FakeDaemon.start();
    const client = daemon.connect({ spool: false });
    await client.ready();
    for (const event of numberedFrom(0, 7)) client.record(event);
    const startedMs = performance.now();
    await assert.rejects(client.close({ timeoutMs: 200 }), refusal('undelivered', ': 7'));
    const tookMs = performance.now() - startedMs;
    // Without a timeout it would be five seconds.
    assert.ok(tookMs >= 190 && tookMs < 4_500, `${tookMs} ms`);
    await client.close();
  });

  test('without a spool rejects while no daemon is there', async () => {
    const client = connect({ socketPath: '/nonexistent/daybook.sock', spool: false });
    client.record(numbered(0));
    await assert.rejects(client.close({ timeoutMs: 50 }), refusal('undelivered', ': 1'));
  });

  for (const [name, isThere] of [
    ['a daemon gives no receipts', true],
    ['no daemon is there', false],
  ] as const) {
    test(`resolves after its timeout while ${name}: the events are in the spool, and it says how many`, async () => {
      await using daemon = await FakeDaemon.start();
      const socketPath = isThere ? daemon.path : `${daemon.path}.nobody`;
      const client = connect({ socketPath, clientName: 'test' });
      for (const event of numberedFrom(0, 7)) client.record(event);
      const startedMs = performance.now();
      await client.close({ timeoutMs: 200 });
      const tookMs = performance.now() - startedMs;
      // Without a timeout it would be five seconds.
      assert.ok(tookMs >= 190 && tookMs < 4_500, `${tookMs} ms`);
      assert.deepEqual([client.counters.pending, client.counters.spooled], [7, 7]);
    });
  }

  test('with nothing to deliver does not wait for a daemon', async () => {
    const client = connect({ socketPath: '/nonexistent/daybook.sock' });
    const ready = assert.rejects(client.ready(), refusal('closed'));
    const startedMs = performance.now();
    await client.close();
    assert.ok(performance.now() - startedMs < 4_500);
    await ready;
  });
});

describe('after close()', () => {
  test('record() throws, and everything else rejects, as closed', async () => {
    await using daemon = await DaemonProcess.start();
    const client = connect({ socketPath: daemon.paths.socket });
    await client.ready();
    await client.close();
    assert.throws(() => client.record(numbered(0)), refusal('closed'));
    assert.throws(() => client.tail(), refusal('closed'));
    await assert.rejects(client.recordBatch([numbered(0)]), refusal('closed'));
    await assert.rejects(client.page({}), refusal('closed'));
    await assert.rejects(client.status(), refusal('closed'));
    await assert.rejects(client.stats(), refusal('closed'));
    await assert.rejects(Array.fromAsync(client.events()), refusal('closed'));
    await client.flush();
    assert.equal(client.counters.recorded, 0);
  });

  test('requests that were under way are refused as closed', async () => {
    await using daemon = await FakeDaemon.start();
    const client = daemon.connect();
    await client.ready();
    const status = assert.rejects(client.status(), refusal('closed'));
    const receipt = assert.rejects(client.recordBatch([numbered(0)]), refusal('closed'));
    await client.close();
    await Promise.all([status, receipt]);
  });

  test('a tail ends as closed', async () => {
    await using daemon = await DaemonProcess.start();
    const client = connect({ socketPath: daemon.paths.socket });
    await client.ready();
    const next = assert.rejects(client.tail().next(), refusal('closed'));
    await client.close();
    await next;
  });
});
