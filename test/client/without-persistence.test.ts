import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { connect, type Rejection, type TailPosition } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

const start = () => DaemonProcess.start({ config: { enable_persistence: false } });

describe('a daemon with enable_persistence: false', () => {
  test('says in each receipt that nothing is kept', async () => {
    await using daemon = await start();
    const client = daemon.connect();
    assert.deepEqual(await client.recordBatch([...numberedFrom(0, 2), { type: '', source: 'test' }]), {
      stored: 2,
      duplicate: 0,
      rejected: [{ index: 2, code: 'invalid_type', message: 'type must not be empty' }],
      firstId: null,
      lastId: null,
      level: 'committed',
      persisted: false,
    });
    const batch = await client.recordBatch(numberedFrom(0, 1_200), { durability: 'flushed' });
    assert.deepEqual([batch.stored, batch.level, batch.persisted], [1_200, 'flushed', false]);
    assert.equal((await client.status()).persistence, false);
  });

  test('settles record() and flush()', async () => {
    await using daemon = await start();
    const rejections: Rejection[] = [];
    const client = daemon.connect({ onRejected: (rejection) => rejections.push(rejection) });
    client.record(numbered(0));
    client.record({ type: '', source: 'test' });
    await client.flush();
    assert.deepEqual([client.counters.stored, client.counters.rejected], [1, 1]);
    assert.equal(rejections.length, 1);
  });

  test('shows events to tails, with their filters', async () => {
    await using daemon = await start();
    const client = daemon.connect();
    const began: TailPosition[] = [];
    const onStart = (position: TailPosition) => began.push(position);
    const all = client.tail({ onStart });
    const some = client.tail({ types: ['wanted'], sources: ['b'], actions: ['go'], since: 10, until: 20, onStart });
    await waitFor('both', () => began.length === 2);
    const wanted = { type: 'wanted', source: 'b', action: 'go', timestamp: 10 };
    await client.recordBatch([
      { ...wanted, type: 'other' },
      { ...wanted, source: 'a' },
      { ...wanted, action: 'come' },
      { type: 'wanted', source: 'b', timestamp: 10 },
      { ...wanted, timestamp: 9 },
      { ...wanted, timestamp: 20 },
      { ...wanted, data: { n: 6 } },
    ]);
    assert.deepEqual((await some.next()).value, { id: 0, ...wanted, data: { n: 6 } });
    const seen = [];
    for (let count = 0; count < 7; count += 1) seen.push((await all.next()).value?.type);
    assert.deepEqual(seen, ['other', ...countTo(6).map(() => 'wanted')]);
    await client.recordBatch([{ ...wanted, data: { n: 7 } }]);
    assert.equal((await some.next()).value?.data['n'], 7);
  });

  test('refuses questions about the past, and patterns', async () => {
    await using daemon = await start();
    const client = daemon.connect();
    await client.recordBatch([numbered(0)]);
    await assert.rejects(client.page({}), refusal('persistence_disabled', 'enable_persistence'));
    await assert.rejects(Array.fromAsync(client.events()), refusal('persistence_disabled'));
    await assert.rejects(
      client.storePattern({ patternType: 'p', confidence: 1, patternData: '{}' }),
      refusal('persistence_disabled'),
    );
  });

  test('leaves nothing in its data directory but locks and the socket, then the locks', async () => {
    await using daemon = await start();
    const client = connect({ socketPath: daemon.paths.socket });
    await client.recordBatch(numberedFrom(0, 1_000));
    await client.close();
    const left = () => readdirSync(daemon.paths.dataDirectory).filter((name) => !/\.lock(\.owner)?$/.test(name));
    assert.deepEqual(left(), ['daybook.sock']);
    daemon.process.kill('SIGTERM');
    await daemon.ended;
    assert.deepEqual(left(), []);
  });

  test('a tail lives through a restart of it', async () => {
    await using daemon = await start();
    const client = daemon.connect();
    const began: TailPosition[] = [];
    const tail = client.tail({ onStart: (position) => began.push(position) });
    await waitFor('the tail', () => began.length === 1);
    await client.recordBatch([numbered(0)]);
    assert.deepEqual(numbersOf([(await tail.next()).value]), [0]);
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    const next = tail.next();
    await waitFor('the tail', async () => (await again.connect().status()).tails === 1);
    await client.recordBatch([numbered(1)]);
    assert.deepEqual(numbersOf([(await next).value]), [1]);
    await client.close();
  });
});
