import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Client, type Rejection } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { startClientScript } from '../harness/client-script.ts';
import { FakeDaemon } from '../harness/fake-daemon.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, storedNumbers } from './numbered-events.ts';
import { counted } from './record-counters.ts';
import { refusal } from './refusal.ts';

describe('record()', () => {
  test('takes events before there is a connection, and they arrive in order', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    for (const event of numberedFrom(0, 3)) assert.equal(client.record(event), true);
    assert.deepEqual(client.counters, counted({ recorded: 3, pending: 3 }));
    await client.flush();
    assert.deepEqual(client.counters, counted({ recorded: 3, stored: 3 }));
    assert.deepEqual(await storedNumbers(client), [0, 1, 2]);
  });

  test('events recorded without a flush are stored within the batch timeout', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.05 } } });
    const client = daemon.connect();
    client.record(numbered(0));
    await waitFor('the receipt', () => client.counters.stored === 1);
    assert.equal(client.counters.pending, 0);
  });

  test('commitAtOnce does not wait for the batch timeout', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    const client = daemon.connect({ commitAtOnce: true });
    client.record(numbered(0));
    await waitFor('the receipt', () => client.counters.stored === 1);
  });

  test('takes a snapshot: what the caller changes afterwards changes nothing', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const event = { type: 'before', source: 'test', timestamp: 1, data: { list: [1], deep: { text: 'before' } } };
    client.record(event);
    event.type = 'after';
    event.timestamp = 2;
    event.data.list.push(2);
    event.data.deep.text = 'after';
    await client.flush();
    const [stored] = await Array.fromAsync(client.events());
    assert.deepEqual(
      { ...stored, id: 0 },
      { id: 0, type: 'before', source: 'test', timestamp: 1, data: { list: [1], deep: { text: 'before' } } },
    );
  });

  test('an event may record others while it is being encoded: they come before it', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    /** The text is made when the event is encoded, after something else is done. */
    const recordAfter = (n: number, before: () => void) =>
      client.record({
        ...numbered(n),
        data: {
          n,
          get text() {
            before();
            return `${n}`.repeat(40);
          },
        },
      });
    const impossible = { ...numbered(99), data: { n: 1n << 64n } };
    client.record(numbered(0));
    recordAfter(4, () => {
      client.record(numbered(1));
      recordAfter(3, () => client.record(numbered(2)));
    });
    client.record(numbered(5));
    assert.throws(() => recordAfter(98, () => client.record(impossible)), { code: 'invalid_data' });
    recordAfter(7, () => {
      client.record(numbered(6));
      assert.throws(() => client.record(impossible), { code: 'invalid_data' });
    });
    client.record(numbered(8));
    await client.flush();
    assert.deepEqual(await storedNumbers(client), countTo(9));
    const events = await Array.fromAsync(client.events());
    const texts = events.flatMap(({ data }) => data['text'] ?? []);
    assert.deepEqual(new Set(texts), new Set(['3', '4', '7'].map((digit) => digit.repeat(40))));
  });

  test('stamps what comes without a timestamp, each a little later', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const before = Date.now() / 1000;
    for (let n = 0; n < 200; n += 1) client.record({ type: 'same', source: 'test' });
    await client.flush();
    assert.equal(client.counters.stored, 200, 'equal events of one moment are still 200 events');
    const stamps = (await Array.fromAsync(client.events({ order: 'asc' }))).map(({ timestamp }) => timestamp);
    assert.ok((stamps[0] ?? 0) >= before && (stamps.at(-1) ?? Number.NaN) < Date.now() / 1000 + 0.001);
  });

  test('the same event twice is stored once', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    client.record(numbered(0));
    client.record(numbered(0));
    await client.flush();
    assert.deepEqual([client.counters.stored, client.counters.duplicate], [1, 1]);
  });

  test('without a spool returns false when the buffer is full, counts it, and takes events again when there is room', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect({ bufferBytes: 1_000, spool: false });
    const taken: number[] = [];
    for (let n = 0; n < 100; n += 1) if (client.record(numbered(n))) taken.push(n);
    assert.ok(taken.length > 5 && taken.length < 50, `${taken.length} events of about 60 bytes in 1,000`);
    assert.deepEqual(taken, countTo(taken.length));
    assert.equal(client.counters.dropped, 100 - taken.length);
    await client.flush();
    assert.equal(client.record(numbered(100)), true);
    await client.flush();
    assert.deepEqual(await storedNumbers(client), [...taken, 100]);
  });

  test('throws for what can never be stored, and takes the rest', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    assert.throws(() => client.record({ type: 'a', source: 'test', data: circle }), refusal('invalid_data'));
    assert.throws(
      () => client.record({ type: 'a', source: 'test', data: { text: 'x'.repeat(limits.eventBytes) } }),
      refusal('too_large', String(limits.eventBytes)),
    );
    assert.equal(client.counters.recorded, 0);
    client.record(numbered(0));
    await client.flush();
    assert.deepEqual(await storedNumbers(client), [0]);
  });

  for (const [name, value] of [
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an integer beyond 64 bits', 2n ** 70n],
  ] as const) {
    test(`${name} has no form in an event: it is refused, not changed`, async () => {
      await using daemon = await DaemonProcess.start();
      const client = daemon.connect();
      const receipt = await client.recordBatch([{ type: 'a', source: 'test', timestamp: 1, data: { value } }]);
      const stored = await Array.fromAsync(client.events());
      assert.deepEqual(
        receipt.rejected.map(({ index, code }) => [index, code]),
        [[0, 'invalid_data']],
        `stored as ${JSON.stringify(stored)}`,
      );
    });
  }

  test('does not throw for what the daemon refuses: onRejected is told', async () => {
    await using daemon = await DaemonProcess.start();
    const rejections: Rejection[] = [];
    const client = daemon.connect({ onRejected: (rejection) => rejections.push(rejection) });
    client.record({ type: '', source: 'test' });
    client.record(numbered(0));
    client.record({ type: 'a', source: 'test', timestamp: Number.NaN });
    await client.flush();
    assert.deepEqual(
      rejections.map(({ index, code }) => [index, code]),
      [
        [0, 'invalid_type'],
        [2, 'invalid_timestamp'],
      ],
    );
    assert.deepEqual(client.counters, counted({ recorded: 3, stored: 1, rejected: 2 }));
  });

  for (const [name, text] of [
    ['short', '\ud800'],
    ['long', `${'x'.repeat(100)}\ud800`],
  ] as const) {
    test(`half a surrogate pair in a ${name} text is refused, never changed`, async () => {
      await using daemon = await DaemonProcess.start();
      const client = daemon.connect({ commitAtOnce: true });
      const receipt = await client.recordBatch([{ type: 'a', source: 'test', timestamp: 1, data: { text } }]);
      assert.deepEqual(
        receipt.rejected.map(({ index, code }) => [index, code]),
        [[0, 'invalid_utf8']],
        `stored as ${JSON.stringify(await Array.fromAsync(client.events()))}`,
      );
    });
  }
});

describe('what is in this process only', () => {
  test('is not held back for the batch timeout, however slowly events come', async () => {
    const patient = { batch_size: 10_000, batch_timeout: 3_600 };
    await using daemon = await DaemonProcess.start({ config: { persistence: patient } });
    const client = daemon.connect();
    await client.ready();
    for (const event of numberedFrom(0, 300)) {
      client.record(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor('receipts for most', () => client.counters.stored >= 200);
  });

  test('is nothing of what was recorded a moment before a kill -9, with the daemon there', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    await using script = startClientScript(
      daemon.paths.socket,
      `const client = connect({ socketPath, clientName: 'killed' });
       await client.ready();
       for (let n = 0; n < 90; n += 1) {
         client.record({ type: 't', source: 's', timestamp: n, data: { n } });
         await new Promise((resolve) => setTimeout(resolve, 1));
       }
       say('recorded');
       setInterval(() => undefined, 1_000);`,
    );
    await script.prints('recorded');
    script.process.kill('SIGKILL');
    await script.ended;
    const client = daemon.connect();
    await client.recordBatch([numbered(1_000)]);
    await waitFor('all of them', async () => (await client.stats()).database_stats.total_events === 91);
  });
});

describe('frames', () => {
  test('events of one turn share a frame; the next turn has its own', async () => {
    await using daemon = await FakeDaemon.start({ onRequest: (connection, frame) => connection.acknowledge(frame) });
    const transport = new RecordedTransport();
    const client = await openFake(daemon, transport);
    for (const event of numberedFrom(0, 100)) client.record(event);
    await waitFor('the receipts', () => client.counters.pending === 0);
    client.record(numbered(100));
    await waitFor('the receipt', () => client.counters.pending === 0);
    assert.deepEqual(transport.eventsPerFrame, [100, 1]);
    await client.close();
  });

  test('a full frame leaves at 500 events', async () => {
    await using daemon = await FakeDaemon.start({ onRequest: (connection, frame) => connection.acknowledge(frame) });
    const transport = new RecordedTransport();
    const client = await openFake(daemon, transport);
    for (const event of numberedFrom(0, 1_250)) client.record(event);
    await waitFor('the receipts', () => client.counters.pending === 0);
    assert.deepEqual(transport.eventsPerFrame, [500, 500, 250]);
    await client.close();
  });

  test('and at 256 KiB', async () => {
    await using daemon = await FakeDaemon.start({ onRequest: (connection, frame) => connection.acknowledge(frame) });
    const transport = new RecordedTransport();
    const client = await openFake(daemon, transport);
    const text = 'x'.repeat(100 * 1024);
    for (let n = 0; n < 4; n += 1) client.record({ type: 'big', source: 'test', data: { text } });
    await waitFor('the receipts', () => client.counters.pending === 0);
    assert.deepEqual(transport.eventsPerFrame, [3, 1]);
    await client.close();
  });

  test('no more than 128 go without an answer; then the answers let the rest through', async () => {
    let isAnswering = false;
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (isAnswering) connection.acknowledge(frame);
      },
    });
    const transport = new RecordedTransport();
    const client = await openFake(daemon, transport);
    for (const event of numberedFrom(0, 80_000)) client.record(event);
    await waitFor('128 frames', () => daemon.framesOf('record').length >= 128);
    assert.equal(transport.framesOf('record').length, 128);
    isAnswering = true;
    for (const frame of daemon.framesOf('record')) daemon.connections[0]?.acknowledge(frame);
    await waitFor('all receipts', () => client.counters.stored === 80_000);
    assert.equal(
      transport.eventsPerFrame.reduce((sum, count) => sum + count),
      80_000,
    );
    await client.close();
  });
});

async function openFake(daemon: FakeDaemon, transport: RecordedTransport): Promise<Client> {
  const client = daemon.connect({ transport: transport.connect });
  await client.ready();
  return client;
}
