import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventInput } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { countTo, numbered, numberedFrom, storedNumbers } from './numbered-events.ts';
import { counted } from './record-counters.ts';
import { refusal } from './refusal.ts';

describe('recordBatch()', () => {
  test('resolves with the receipt, at once though the batch timeout is long', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    const client = daemon.connect();
    assert.deepEqual(await client.recordBatch(numberedFrom(0, 3)), {
      stored: 3,
      duplicate: 0,
      rejected: [],
      firstId: 1,
      lastId: 3,
      level: 'committed',
      persisted: true,
    });
    const again = await client.recordBatch(numberedFrom(2, 2));
    assert.deepEqual([again.stored, again.duplicate, again.firstId, again.lastId], [1, 1, 4, 4]);
  });

  test('of events whose maker sends others meanwhile, or fails, holds only its own', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const inner: Promise<{ stored: number }>[] = [];
    function* make(from: number): Generator<EventInput> {
      yield numbered(from);
      inner.push(client.recordBatch(numberedFrom(from + 2, 3)));
      yield numbered(from + 1);
      if (from > 0) throw new Error('out of events');
    }
    assert.equal((await client.recordBatch(make(0))).stored, 2);
    await assert.rejects(client.recordBatch(make(5)), /out of events/);
    assert.equal((await client.recordBatch([numbered(10)])).stored, 1);
    assert.deepEqual(
      (await Promise.all(inner)).map(({ stored }) => stored),
      [3, 3],
    );
    assert.deepEqual(new Set(await storedNumbers(client)), new Set([0, 1, 2, 3, 4, 7, 8, 9, 10]));
  });

  test('of nothing', async () => {
    await using daemon = await DaemonProcess.start();
    const receipt = await daemon.connect().recordBatch([]);
    assert.deepEqual(
      [receipt.stored, receipt.duplicate, receipt.rejected, receipt.firstId, receipt.lastId],
      [0, 0, [], null, null],
    );
  });

  test('of duplicates alone names no ids', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([numbered(0)]);
    const receipt = await client.recordBatch([numbered(0), numbered(0)]);
    assert.deepEqual([receipt.stored, receipt.duplicate, receipt.firstId, receipt.lastId], [0, 2, null, null]);
  });

  test('flushed: asks for it and says so', async () => {
    await using daemon = await DaemonProcess.start();
    const transport = new RecordedTransport();
    const client = daemon.connect({ transport: transport.connect });
    const receipt = await client.recordBatch([numbered(0)], { durability: 'flushed' });
    assert.deepEqual([receipt.level, receipt.stored], ['flushed', 1]);
    assert.deepEqual(
      transport.framesOf('record').map(({ body }) => [body['durability'], body['wait']]),
      [['flushed', true]],
    );
  });

  test('over several frames: one receipt, the indexes those of the call', async () => {
    await using daemon = await DaemonProcess.start();
    const transport = new RecordedTransport();
    const client = daemon.connect({ transport: transport.connect });
    const events: EventInput[] = numberedFrom(0, 1_600);
    // Refused by the daemon, in the first, second and last frame.
    events[3] = { type: '', source: 'test' };
    events[700] = { ...numbered(700), timestamp: -1 };
    events[1_599] = { ...numbered(1_599), source: '' };
    // Refused by the client: these are in no frame, so what follows stands one place further to the front there.
    events[5] = { ...numbered(5), data: { symbol: Symbol('none') } };
    events[1_200] = { ...numbered(1_200), data: { text: 'x'.repeat(limits.eventBytes) } };
    events[10] = numbered(9);
    const receipt = await client.recordBatch(events);
    assert.deepEqual(
      receipt.rejected.map(({ index, code }) => [index, code]),
      [
        [3, 'invalid_type'],
        [5, 'invalid_data'],
        [700, 'invalid_timestamp'],
        [1_200, 'too_large'],
        [1_599, 'invalid_source'],
      ],
    );
    assert.deepEqual([receipt.stored, receipt.duplicate, receipt.firstId, receipt.lastId], [1_594, 1, 1, 1_594]);
    assert.deepEqual(transport.eventsPerFrame, [500, 500, 500, 98]);
    const left = new Set([3, 5, 10, 700, 1_200, 1_599]);
    assert.deepEqual(
      await storedNumbers(client),
      countTo(1_600).filter((n) => !left.has(n)),
    );
  });

  test('takes any iterable', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    function* two() {
      yield numbered(0);
      yield numbered(1);
    }
    assert.equal((await client.recordBatch(two())).stored, 2);
  });

  test('what is too deep is refused by the daemon, and the rest stored', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    let deep: unknown = 1;
    for (let level = 0; level < limits.nestingDepth; level += 1) deep = [deep];
    const receipt = await client.recordBatch([numbered(0), { ...numbered(1), data: { deep } }, numbered(2)]);
    assert.deepEqual([receipt.stored, receipt.rejected[0]?.index, receipt.rejected[0]?.code], [2, 1, 'too_deep']);
  });

  test('does not count among the events of record()', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([numbered(0)]);
    assert.deepEqual(client.counters, counted({}));
  });

  test('rejects when there is no daemon and no second try', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.kill('SIGTERM');
    const client = daemon.connect({ reconnect: false });
    await assert.rejects(client.recordBatch([numbered(0)]), refusal('not_reachable', daemon.paths.socket));
  });
});
