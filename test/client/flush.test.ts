import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { FakeDaemon, type ReceivedFrame } from '../harness/fake-daemon.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, storedNumbers } from './numbered-events.ts';
import { refusal } from './refusal.ts';

const longTimeout = { persistence: { batch_timeout: 3_600, batch_size: 10_000 } };

describe('flush()', () => {
  test('with nothing pending resolves without a word to the daemon, and without one', async () => {
    const transport = new RecordedTransport();
    const client = connect({ socketPath: '/nonexistent/daybook.sock', transport: transport.connect });
    await client.flush();
    assert.deepEqual(transport.frames, []);
    await client.close();
  });

  test('has the events committed at once, whatever the batch timeout', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const client = daemon.connect();
    for (const event of numberedFrom(0, 10)) client.record(event);
    await client.flush();
    assert.equal(client.counters.stored, 10);
  });

  test('also those that are in a frame already', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const transport = new RecordedTransport();
    const client = daemon.connect({ transport: transport.connect });
    await client.ready();
    client.record(numbered(0));
    await waitFor('the frame', () => transport.framesOf('record').length === 1);
    await client.flush();
    assert.equal(client.counters.stored, 1);
    assert.deepEqual(
      transport.frames.map(({ kind }) => kind),
      ['hello', 'record', 'flush'],
    );
  });

  test('many at a time all resolve, each for what was recorded before it', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const client = daemon.connect();
    const storedAtEach = await Promise.all(
      countTo(5).map(async (n) => {
        client.record(numbered(n));
        await client.flush();
        return client.counters.stored;
      }),
    );
    for (const [n, stored] of storedAtEach.entries()) assert.ok(stored > n, `${stored} stored at flush ${n}`);
  });

  test('more than fits under way', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const client = daemon.connect();
    for (const event of numberedFrom(0, 30_000)) client.record(event);
    await client.flush();
    assert.deepEqual(await storedNumbers(client), countTo(30_000));
  });

  test('waits for the daemon to come back', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const client = daemon.connect();
    await client.ready();
    await daemon.kill('SIGKILL');
    client.record(numbered(0));
    const flushed = client.flush();
    await using again = await DaemonProcess.start({ home: daemon.home });
    await flushed;
    assert.deepEqual(await storedNumbers(client), [0]);
    await client.close();
    await again.stop();
  });

  test('when the commit fails and the frame is sent again, the second try is committed at once too', async () => {
    // As a real daemon does: a frame that nobody waits for is held back. The first commit fails.
    const held: ReceivedFrame[] = [];
    let commits = 0;
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        held.push(frame);
        if (frame.kind === 'record' && frame.body['wait'] === false) return;
        commits += 1;
        for (const job of held.splice(0)) {
          if (commits === 1) connection.refuse(job.requestId, 'storage_error');
          else if (job.kind === 'record') connection.acknowledge(job);
          else connection.reply(job, {});
        }
      },
    });
    const client = daemon.connect();
    await client.ready();
    client.record(numbered(0));
    await waitFor('the frame', () => held.length === 1);
    let isFlushed = false;
    void client.flush().then(() => {
      isFlushed = true;
    });
    await waitFor('the second try', () => daemon.framesOf('record').length === 2);
    await waitFor('the end of flush(), though nobody asked for a second commit', () => isFlushed);
    await client.close();
  });
});

describe('flush() rejects as undelivered, and without a spool so does close(),', () => {
  test('when the daemon dies and there is no second try', async () => {
    await using daemon = await DaemonProcess.start({ config: longTimeout });
    const client = daemon.connect({ reconnect: false, spool: false });
    await client.ready();
    for (const event of numberedFrom(0, 3)) client.record(event);
    const { promise: turn, resolve } = Promise.withResolvers<void>();
    setImmediate(() => setImmediate(resolve));
    await turn;
    const killed = daemon.kill('SIGKILL');
    await waitFor('the loss', () =>
      client.ready().then(
        () => true,
        () => true,
      ),
    );
    await killed;
    await assert.rejects(client.flush(), refusal('undelivered', ': 3'));
    await assert.rejects(client.close(), refusal('undelivered', ': 3'));
  });

  test('when it is under way as the daemon dies', async () => {
    await using daemon = await FakeDaemon.start();
    const client = daemon.connect({ reconnect: false, spool: false });
    client.record(numbered(0));
    const flushed = assert.rejects(client.flush(), refusal('undelivered', ': 1'));
    await waitFor('the frame', () => daemon.framesOf('record').length === 1);
    daemon.connections[0]?.destroy();
    await flushed;
    await assert.rejects(client.close(), refusal('undelivered', ': 1'));
  });

  test('when there never was a daemon and there is no second try', async () => {
    const client = connect({ socketPath: '/nonexistent/daybook.sock', reconnect: false, spool: false });
    client.record(numbered(0));
    await assert.rejects(client.ready(), refusal('not_reachable'));
    await assert.rejects(client.flush(), refusal('undelivered', ': 1'));
    await assert.rejects(client.close(), refusal('undelivered', ': 1'));
  });
});
