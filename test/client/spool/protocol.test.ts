import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rejection } from '../../../client/index.ts';
import { type WireLimits, wireLimits } from '../../../shared/limits.ts';
import { type FakeConnection, FakeDaemon, type ReceivedFrame } from '../../harness/fake-daemon.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';

function greetWith(capabilities: string[], limits: Partial<WireLimits> = {}) {
  return (connection: FakeConnection, frame: ReceivedFrame) =>
    connection.reply(frame, {
      protocol: 1,
      daemon: { version: '0.0.0', pid: 1 },
      databaseId: 'fake',
      capabilities,
      limits: { ...wireLimits, ...limits },
    });
}

function acknowledgeAll(connection: FakeConnection, frame: ReceivedFrame): void {
  if (frame.kind === 'record') connection.acknowledge(frame);
  else connection.reply(frame, {});
}

const eventsIn = (frame: ReceivedFrame) => frame.body['events'] as { data: { n: number } }[];
const numbersIn = (frames: readonly ReceivedFrame[]) => frames.flatMap(eventsIn).map(({ data }) => data.n);

interface SentOrigin {
  producer: string;
  epoch: string;
  first: number;
}

describe('a daemon with the capability `gaps`', () => {
  test('is told the number of each event: without holes, but for what was refused', async () => {
    await using daemon = await FakeDaemon.start({ onHello: greetWith(['record', 'gaps']), onRequest: acknowledgeAll });
    const client = daemon.connect({ bufferBytes: 4_000, spool: false });
    await client.ready();
    const taken: number[] = [];
    for (let n = 0; n < 300; n += 1) {
      if (client.record(numbered(n))) taken.push(n);
      if (n % 100 === 50) await client.flush();
    }
    await client.flush();
    assert.ok(taken.length < 300);
    assert.throws(() => client.record({ type: 'a', source: 'test', data: { value: () => 1 } }));
    client.record(numbered(300));
    await client.flush();
    const frames = daemon.framesOf('record');
    const origins = frames.map(({ body }) => body['origin'] as SentOrigin);
    assert.deepEqual(new Set(origins.map(({ producer }) => producer)), new Set(['test']));
    assert.equal(new Set(origins.map(({ epoch }) => epoch)).size, 1);
    const numbers = frames.flatMap((frame, index) => eventsIn(frame).map((_, at) => (origins[index]?.first ?? 0) + at));
    assert.deepEqual(numbers, [...taken.map((n) => n + 1), 301], 'what record() threw away took no number');
    const reports = await waitFor('the reports', () => {
      const gaps = daemon.framesOf('report-gaps').flatMap(({ body }) => body['gaps'] as { from: number; to: number }[]);
      return gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0) === 300 - taken.length ? gaps : undefined;
    });
    const reported = reports.flatMap(({ from, to }) => countTo(to - from + 1).map((n) => n + from - 1));
    assert.deepEqual(
      reported,
      countTo(300).filter((n) => !taken.includes(n)),
    );
  });

  test('that refuses a report is not asked again and again', async () => {
    await using daemon = await FakeDaemon.start({
      onHello: greetWith(['gaps']),
      onRequest: (connection, frame) => {
        if (frame.kind === 'report-gaps') {
          connection.send('error', frame.requestId, { code: 'invalid_request', message: 'no', retryable: false });
        } else acknowledgeAll(connection, frame);
      },
    });
    const client = daemon.connect({ bufferBytes: 500, spool: false });
    for (const event of numberedFrom(0, 100)) client.record(event);
    await waitFor('the report', () => daemon.framesOf('report-gaps').length > 0);
    for (const event of numberedFrom(100, 5)) {
      client.record(event);
      await client.flush();
    }
    assert.equal(daemon.framesOf('report-gaps').length, 1);
    await client.close();
  });

  test('that refuses a whole frame is told that these numbers will not come', async () => {
    await using daemon = await FakeDaemon.start({
      onHello: greetWith(['gaps']),
      onRequest: (connection, frame) => {
        if (frame.kind === 'record') {
          connection.send('error', frame.requestId, { code: 'malformed', message: 'no', retryable: false });
        } else acknowledgeAll(connection, frame);
      },
    });
    const client = daemon.connect({ commitAtOnce: true });
    for (const event of numberedFrom(0, 3)) client.record(event);
    await client.flush();
    const [report] = await waitFor('the report', () => {
      const found = daemon.framesOf('report-gaps');
      return found.length > 0 ? found : undefined;
    });
    const [gap] = (report?.body['gaps'] ?? []) as { [field: string]: unknown }[];
    assert.deepEqual([gap?.['from'], gap?.['to'], gap?.['reason']], [1, 3, 'rejected: malformed']);
    await client.close();
  });
});

test('a daemon without the capability `gaps` is sent neither numbers nor reports, and events arrive', async () => {
  let daemonIsThere = true;
  await using daemon = await FakeDaemon.start({
    onHello: (connection, frame) => {
      if (daemonIsThere) greetWith(['record'])(connection, frame);
      else connection.destroy();
    },
    onRequest: acknowledgeAll,
  });
  const client = daemon.connect({ spool: { maxBytes: 64 * 1024 } });
  await client.ready();
  daemonIsThere = false;
  daemon.connections[0]?.destroy();
  await waitFor('the spool', () => client.record(numbered(0)) && client.counters.spooled > 0);
  for (let n = 0; client.record(numbered(n)); n += 1)
    if (n % 100 === 0) await new Promise((done) => setImmediate(done));
  assert.equal(client.counters.dropped, 1);
  daemonIsThere = true;
  await client.flush();
  assert.equal(client.counters.stored, client.counters.recorded);
  assert.ok(daemon.framesOf('record').every(({ body }) => !('origin' in body)));
  assert.deepEqual(daemon.framesOf('report-gaps'), []);
});

describe('limits of a daemon', () => {
  test('frames keep to its own, also those that were made before it was asked, and those of recordBatch()', async () => {
    const limits = { eventsPerFrame: 7, frameBytes: 4_000 };
    await using daemon = await FakeDaemon.start({ onHello: greetWith([], limits), onRequest: acknowledgeAll });
    const client = daemon.connect({ commitAtOnce: true });
    for (const event of numberedFrom(0, 50)) client.record(event);
    const text = 'x'.repeat(900);
    for (let n = 50; n < 60; n += 1) client.record({ ...numbered(n), data: { n, text } });
    await client.flush();
    const frames = daemon.framesOf('record');
    assert.deepEqual(numbersIn(frames), countTo(60));
    assert.ok(frames.every((frame) => eventsIn(frame).length <= 7));
    assert.ok(frames.some((frame) => eventsIn(frame).length === 7));
    assert.ok(frames.every((frame) => JSON.stringify(frame.body).length < 4_000));
    await client.recordBatch(numberedFrom(0, 20));
    assert.deepEqual(
      daemon
        .framesOf('record')
        .slice(frames.length)
        .map((frame) => eventsIn(frame).length),
      [7, 7, 6],
    );
    await client.close();
  });

  test('an event that fits into no frame is rejected, and its neighbours are stored', async () => {
    await using daemon = await FakeDaemon.start({
      onHello: greetWith([], { frameBytes: 4_000 }),
      onRequest: acknowledgeAll,
    });
    const rejections: Rejection[] = [];
    const client = daemon.connect({ commitAtOnce: true, onRejected: (rejection) => rejections.push(rejection) });
    client.record(numbered(0));
    client.record({ ...numbered(1), data: { n: 1, text: 'x'.repeat(5_000) } });
    client.record(numbered(2));
    await client.flush();
    assert.deepEqual(numbersIn(daemon.framesOf('record')), [0, 2]);
    assert.deepEqual(
      rejections.map(({ code }) => code),
      ['too_large'],
    );
    const receipt = await client.recordBatch([numbered(3), { ...numbered(4), data: { text: 'x'.repeat(5_000) } }]);
    assert.deepEqual([receipt.stored, receipt.rejected[0]?.index, receipt.rejected[0]?.code], [1, 1, 'too_large']);
    await client.close();
  });
});

describe('a daemon that cannot store', () => {
  test('makes everything without a receipt go to the spool, and gets it in order when it can', async () => {
    let canStore = false;
    const stored: number[] = [];
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (frame.kind !== 'record') connection.reply(frame, {});
        else if (canStore) {
          stored.push(...numbersIn([frame]));
          connection.acknowledge(frame);
        } else connection.refuse(frame.requestId, 'disk_full');
      },
    });
    const client = daemon.connect({ commitAtOnce: true });
    await client.ready();
    for (let n = 0; n < 3_000; n += 1) {
      client.record(numbered(n));
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor('the spool to have it all', () => client.counters.spooled === 3_000);
    assert.equal(daemon.connections.length, 1, 'the connection stays');
    canStore = true;
    await client.flush();
    assert.deepEqual(stored, countTo(3_000));
    assert.equal(client.counters.spooled, 0);
    await client.close();
  });
});
