import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Client,
  connect,
  type StoredEvent,
  type Tail,
  type TailOptions,
  type TailPosition,
} from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

/** A tail that the daemon has answered. */
async function follow(client: Client, options: TailOptions = {}): Promise<{ tail: Tail; position: TailPosition }> {
  const started = Promise.withResolvers<TailPosition>();
  const tail = client.tail({ ...options, onStart: started.resolve });
  return { tail, position: await started.promise };
}

async function take(tail: Tail, count: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  while (events.length < count) {
    const { done, value } = await tail.next();
    if (done === true) break;
    events.push(value);
  }
  return events;
}

describe('a tail', () => {
  test('begins now: not with what was stored before', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 5));
    const { tail, position } = await follow(client);
    assert.deepEqual(position, { databaseId: (await client.ready()).databaseId, id: 5 });
    await client.recordBatch(numberedFrom(5, 2));
    const events = await take(tail, 2);
    assert.deepEqual(events[0], { id: 6, ...numbered(5) });
    assert.deepEqual(numbersOf(events), [5, 6]);
    await waitFor('the position', () => tail.position?.id === 7);
  });

  test('begins behind a position', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 5));
    const { databaseId } = await client.ready();
    const tail = client.tail({ after: { databaseId, id: 2 } });
    assert.deepEqual(numbersOf(await take(tail, 3)), [2, 3, 4]);
    await client.recordBatch([numbered(5)]);
    assert.deepEqual(numbersOf(await take(tail, 1)), [5]);
  });

  test('follows the order of arrival, not of timestamps', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { tail } = await follow(client);
    for (const n of [5, 1, 3]) await client.recordBatch([numbered(n)]);
    assert.deepEqual(numbersOf(await take(tail, 3)), [5, 1, 3]);
  });

  test('filters', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { tail } = await follow(client, { types: ['wanted'], sources: ['test'], since: 10, until: 20 });
    await client.recordBatch([
      { type: 'wanted', source: 'test', timestamp: 9, data: { n: 0 } },
      { type: 'wanted', source: 'test', timestamp: 10, data: { n: 1 } },
      { type: 'other', source: 'test', timestamp: 11, data: { n: 2 } },
      { type: 'wanted', source: 'other', timestamp: 11, data: { n: 3 } },
      { type: 'wanted', source: 'test', timestamp: 20, data: { n: 4 } },
      { type: 'wanted', source: 'test', timestamp: 19, data: { n: 5 } },
    ]);
    assert.deepEqual(numbersOf(await take(tail, 2)), [1, 5]);
  });

  test('two in one client see the same', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const [one, two] = await Promise.all([follow(client), follow(client, { types: ['note'] })]);
    assert.equal((await client.status()).tails, 2);
    await client.recordBatch(numberedFrom(0, 3));
    assert.deepEqual(numbersOf(await take(one.tail, 3)), [0, 1, 2]);
    assert.deepEqual(numbersOf(await take(two.tail, 3)), [0, 1, 2]);
  });

  test('return() ends it, here and in the daemon', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const [one, two] = await Promise.all([follow(client), follow(client)]);
    const waiting = one.tail.next();
    await one.tail.return();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.deepEqual(await one.tail.next(), { done: true, value: undefined });
    await waitFor('one tail', async () => (await client.status()).tails === 1);
    await client.recordBatch([numbered(0)]);
    assert.deepEqual(numbersOf(await take(two.tail, 1)), [0]);
    await two.tail.return();
    await waitFor('no tail', async () => (await client.status()).tails === 0);
  });

  test('leaving the loop ends it', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { tail } = await follow(client);
    await client.recordBatch(numberedFrom(0, 3));
    for await (const { data } of tail) {
      assert.equal(data['n'], 0);
      break;
    }
    await waitFor('no tail', async () => (await client.status()).tails === 0);
  });

  test('two next() at a time get one event each, in order', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { tail } = await follow(client);
    const seen: unknown[] = [];
    for (let reader = 0; reader < 2; reader += 1) void tail.next().then(({ value }) => seen.push(value?.data['n']));
    await client.recordBatch(numberedFrom(0, 2));
    await waitFor('both', () => seen.length === 2);
    assert.deepEqual(seen, [0, 1]);
  });
});

describe('a tail is refused', () => {
  test('behind a position of another database', async () => {
    await using daemon = await DaemonProcess.start();
    const tail = daemon.connect().tail({ after: { databaseId: 'another', id: 0 } });
    await assert.rejects(tail.next(), refusal('invalid_cursor', 'another database'));
    assert.deepEqual(await tail.next(), { done: true, value: undefined });
  });

  test('behind a position that is not there yet', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    await assert.rejects(client.tail({ after: { databaseId, id: 7 } }).next(), refusal('invalid_cursor', 'ahead'));
  });
});

describe('a slow consumer', () => {
  test('is waited for: the tail is stopped, the queue stays bounded, and everything comes, in order', async () => {
    await using daemon = await DaemonProcess.start();
    const total = 20_000;
    await daemon.connect().recordBatch(numberedFrom(0, total));
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const tail = client.tail({ after: { databaseId, id: 0 } });
    await waitFor('the pause', async () => (tail.position?.id ?? 0) > 0 && (await client.status()).tails === 0);
    const held = tail.position?.id ?? 0;
    assert.ok(held > 2_000 && held <= 4_000, `${held} events are held`);
    assert.deepEqual(numbersOf(await take(tail, total)), countTo(total));
    await daemon.connect().recordBatch([numbered(total)]);
    assert.deepEqual(numbersOf(await take(tail, 1)), [total]);
  });

  test('whose client is closed still gets all that was held', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 5_000));
    const client = connect({ socketPath: daemon.paths.socket });
    const { databaseId } = await client.ready();
    const tail = client.tail({ after: { databaseId, id: 0 } });
    await waitFor('the pause', async () => (tail.position?.id ?? 0) > 0 && (await client.status()).tails === 0);
    const held = tail.position?.id ?? 0;
    await client.close();
    const seen: unknown[] = [];
    await assert.rejects(async () => {
      for await (const { data } of tail) seen.push(data['n']);
    }, refusal('closed'));
    assert.deepEqual(seen, countTo(held));
  });
});
