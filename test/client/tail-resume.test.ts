import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect, type TailPosition, type TailReset } from '../../client/index.ts';
import { EventDatabase } from '../../daemon/embedded.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { FakeDaemon } from '../harness/fake-daemon.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { countTo, numbered, numberedFrom } from './numbered-events.ts';
import { refusal } from './refusal.ts';

describe('kill -9 and restart of the daemon', () => {
  test('a tail goes on with no hole and no repeat', async () => {
    const first = await DaemonProcess.start();
    const { home } = first;
    let daemon = first;
    const follower = connect({ socketPath: daemon.paths.socket });
    const recorder = connect({ socketPath: daemon.paths.socket });
    const seen: unknown[] = [];
    const started: TailPosition[] = [];
    const tail = follower.tail({ onStart: (position) => started.push(position) });
    try {
      await waitFor('the start', () => started.length > 0);
      const reading = (async () => {
        for await (const { data } of tail) seen.push(data['n']);
      })();
      for (let round = 0; round < 4; round += 1) {
        // The kill comes while events are on their way to the daemon and from it.
        for (let from = round * 1_000; from < (round + 1) * 1_000; from += 100) {
          await recorder.recordBatch(numberedFrom(from, 100));
        }
        await daemon.kill('SIGKILL');
        daemon = await DaemonProcess.start({ home });
      }
      await recorder.recordBatch([numbered(4_000)]);
      await waitFor('the last event', () => seen.length >= 4_001);
      assert.deepEqual(seen, countTo(4_001));
      assert.equal(started.length, 1, 'onStart is told once');
      await tail.return();
      await reading;
    } finally {
      await Promise.all([follower.close(), recorder.close()]);
      await daemon.stop();
      await first.stop();
    }
  });

  test('onStart is told once though nothing came before the loss', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    let starts = 0;
    const tail = client.tail({ after: { databaseId, id: 0 }, onStart: () => (starts += 1) });
    await waitFor('the start', () => starts === 1);
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    await waitFor('the tail', async () => (await client.status()).tails === 1);
    await again.connect().recordBatch([numbered(0)]);
    assert.equal((await tail.next()).value?.data['n'], 0);
    assert.equal(starts, 1);
    await client.close();
  });

  test('a loss between the request and its answer changes nothing', async () => {
    let isFirst = true;
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (isFirst) connection.destroy();
        else connection.reply(frame, { position: { databaseId: 'fake', id: 3 } });
        isFirst = false;
      },
    });
    const started = Promise.withResolvers<TailPosition>();
    const tail = daemon.connect().tail({ onStart: started.resolve });
    assert.deepEqual(await started.promise, { databaseId: 'fake', id: 3 });
    assert.deepEqual(tail.position, { databaseId: 'fake', id: 3 });
    assert.equal(daemon.framesOf('tail').length, 2);
  });

  test('without reconnect the tail ends with an error', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect({ reconnect: false });
    await client.ready();
    const tail = client.tail();
    const next = assert.rejects(tail.next(), refusal('connection_lost'));
    await client.status();
    await daemon.kill('SIGKILL');
    await next;
    assert.deepEqual(await tail.next(), { done: true, value: undefined });
  });
});

describe('a tail behind events that are gone', () => {
  /** A home whose database has lost its events 1 to 5 and kept 6 to 8. */
  function homeWithLoss() {
    const home = temporaryHome();
    const database = new EventDatabase(daybookPaths({ DAYBOOK_HOME: home.path }).database);
    const realNow = Date.now;
    try {
      // Retention looks at the arrival, so these arrive long ago.
      Date.now = () => 1_000_000_000_000;
      database.storeEventsBatch(numberedFrom(0, 5));
    } finally {
      Date.now = realNow;
    }
    database.storeEventsBatch(numberedFrom(5, 3));
    assert.equal(database.cleanupOldEvents(1), 5);
    database.close();
    return home;
  }

  test('tells onReset which, and goes on', async () => {
    using home = homeWithLoss();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const resets: TailReset[] = [];
    const tail = client.tail({ after: { databaseId, id: 2 }, onReset: (reset) => resets.push(reset) });
    assert.equal((await tail.next()).value?.id, 6);
    assert.deepEqual(resets, [{ lostFrom: 3, lostTo: 5 }]);
    assert.equal((await tail.next()).value?.id, 7);
    const named = client.tail({
      cursorName: 'late',
      after: { databaseId, id: 2 },
      onReset: (reset) => resets.push(reset),
    });
    assert.equal((await named.next()).value?.id, 6);
    assert.deepEqual(resets[1], resets[0]);
    await daemon.stop();
  });

  test('without onReset ends as lost_events, and the daemon has no tail left', async () => {
    using home = homeWithLoss();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const tail = client.tail({ after: { databaseId, id: 2 } });
    await assert.rejects(tail.next(), refusal('lost_events', '3 to 5'));
    assert.deepEqual(await tail.next(), { done: true, value: undefined });
    const fault = new Error('my fault');
    const onReset = () => {
      throw fault;
    };
    const other = client.tail({ after: { databaseId, id: 2 }, onReset });
    await assert.rejects(other.next(), fault);
    assert.deepEqual(await other.next(), { done: true, value: undefined });
    await waitFor('no tail', async () => (await client.status()).tails === 0);
    await daemon.stop();
  });

  test('right behind them there is no loss', async () => {
    using home = homeWithLoss();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const tail = client.tail({ after: { databaseId, id: 5 } });
    assert.equal((await tail.next()).value?.id, 6);
    await daemon.stop();
  });
});
