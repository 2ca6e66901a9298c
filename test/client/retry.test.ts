import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rejection } from '../../client/index.ts';
import { startClientScript } from '../harness/client-script.ts';
import { FakeDaemon, type ReceivedFrame } from '../harness/fake-daemon.ts';
import { waitFor } from '../harness/wait-for.ts';
import { numbered, numberedFrom } from './numbered-events.ts';
import { counted } from './record-counters.ts';
import { refusal } from './refusal.ts';

/** A daemon that refuses the first record request with a code and acknowledges the others. */
function refusesOnce(code: string): Promise<FakeDaemon> {
  let isFirst = true;
  return FakeDaemon.start({
    onRequest: (connection, frame) => {
      if (frame.kind === 'flush') connection.reply(frame, {});
      else if (isFirst) connection.refuse(frame.requestId, code);
      else connection.acknowledge(frame);
      isFirst = false;
    },
  });
}

const eventsOf = (frame: ReceivedFrame | undefined) => frame?.body['events'];

describe('a refusal that may be tried again', () => {
  for (const code of ['storage_error', 'busy', 'shutting_down', 'internal', 'timeout']) {
    test(`${code}: record() sends the same events again`, async () => {
      await using daemon = await refusesOnce(code);
      const client = daemon.connect({ commitAtOnce: true });
      for (const event of numberedFrom(0, 3)) client.record(event);
      await client.flush();
      const frames = daemon.framesOf('record');
      assert.equal(frames.length, 2);
      assert.deepEqual(eventsOf(frames[1]), eventsOf(frames[0]));
      assert.deepEqual(client.counters, counted({ recorded: 3, stored: 3 }));
      await client.close();
    });
  }

  test('recordBatch() leaves the decision to its caller', async () => {
    await using daemon = await refusesOnce('storage_error');
    const client = daemon.connect();
    await assert.rejects(client.recordBatch([numbered(0)]), (error) => {
      refusal('storage_error')(error);
      assert.equal((error as { retryable?: unknown }).retryable, true);
      return true;
    });
    assert.equal((await client.recordBatch([numbered(0)])).stored, 1);
    await client.close();
  });

  test('an unknown code from a newer daemon is tried again too', async () => {
    await using daemon = await refusesOnce('moon_phase');
    const client = daemon.connect({ commitAtOnce: true });
    client.record(numbered(0));
    await client.flush();
    assert.equal(client.counters.stored, 1);
    await client.close();
  });

  test('does not try in a hot loop', async (t) => {
    t.mock.method(Math, 'random', () => 0.999);
    const atMs: number[] = [];
    let isAnswering = false;
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        atMs.push(performance.now());
        if (isAnswering) connection.acknowledge(frame);
        else connection.refuse(frame.requestId, 'storage_error');
      },
    });
    const client = daemon.connect({ commitAtOnce: true });
    client.record(numbered(0));
    await waitFor('five tries', () => atMs.length === 5);
    assert.ok((atMs[4] ?? 0) - (atMs[0] ?? 0) >= 25 + 50 + 100 + 200 - 20, `tries at ${atMs.join(', ')}`);
    isAnswering = true;
    await client.close();
    assert.equal(client.counters.stored, 1);
  });

  test('a client that closes between two tries ends in peace', async () => {
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => connection.refuse(frame.requestId, 'storage_error'),
    });
    await using script = startClientScript(
      daemon.path,
      `Math.random = () => 0.999;
       const client = connect({ socketPath, commitAtOnce: true, spool: false });
       client.record({ type: 'a', source: 'test', timestamp: 1 });
       await client.close({ timeoutMs: 300 }).catch((error) => say(error.code));`,
    );
    const { exitCode, stdout, stderr } = await script.ended;
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'undelivered\n', stderr: '' });
  });
});

describe('a refusal that is final', () => {
  for (const code of ['malformed', 'too_large', 'persistence_disabled']) {
    test(`${code}: each event of the request is reported to onRejected, and the next ones go on`, async () => {
      await using daemon = await refusesOnce(code);
      const rejections: Rejection[] = [];
      const client = daemon.connect({
        commitAtOnce: true,
        onRejected: (rejection) => rejections.push(rejection),
      });
      for (const event of numberedFrom(0, 2)) client.record(event);
      await client.flush();
      const message = `${code}, says the fake daemon`;
      assert.deepEqual(rejections, [
        { index: 0, code, message },
        { index: 1, code, message },
      ]);
      client.record(numbered(2));
      await client.flush();
      assert.deepEqual(client.counters, counted({ recorded: 3, stored: 1, rejected: 2 }));
      await client.close();
    });
  }

  test('recordBatch() rejects with it', async () => {
    await using daemon = await refusesOnce('malformed');
    const client = daemon.connect();
    await assert.rejects(client.recordBatch([numbered(0)]), refusal('malformed'));
    await client.close();
  });
});

test('an onRejected that throws loses neither the connection nor the other events', async () => {
  await using daemon = await FakeDaemon.start({
    onRequest: (connection, frame) => {
      const isFirst = daemon.framesOf('record').length === 1;
      if (isFirst) connection.refuse(frame.requestId, 'malformed');
      else connection.acknowledge(frame);
    },
  });
  await using script = startClientScript(
    daemon.path,
    `process.on('uncaughtException', (error) => say('uncaught ' + error.message));
     const onRejected = () => { throw new Error('mine'); };
     const client = connect({ socketPath, commitAtOnce: true, onRejected });
     client.record({ type: 'a', source: 'test', timestamp: 1 });
     await client.flush();
     client.record({ type: 'a', source: 'test', timestamp: 2 });
     await client.flush();
     say('stored ' + client.counters.stored);
     await client.close();`,
  );
  await script.prints('stored 1');
  assert.equal((await script.ended).exitCode, 0);
  assert.match(script.stdout, /uncaught mine/, 'a fault of the program must not pass in silence');
  assert.equal(daemon.connections.length, 1);
});
