import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Client, connect, type StoredEvent, type Tail, type TailOptions } from '../../client/index.ts';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { waitFor } from '../harness/wait-for.ts';
import { numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

let daemon: DaemonProcess;
let client: Client;
before(async () => {
  // An acknowledgement waits for company no longer than this.
  daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.05 } } });
  client = daemon.connect();
  await client.recordBatch(numberedFrom(0, 10));
});
after(() => daemon.stop());

async function take(tail: Tail, count: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  while (events.length < count) {
    const { done, value } = await tail.next();
    if (done === true) break;
    events.push(value);
  }
  return events;
}

/** Everything that is there for a name, taken by a client of its own and done with. */
async function work(cursorName: string, options: TailOptions = {}): Promise<unknown[]> {
  const own = daemon.connect();
  const events = await Array.fromAsync(own.tail({ cursorName, follow: false, ...options }));
  await own.close();
  return numbersOf(events);
}

const idOf = async (name: string) => (await client.cursors()).find((cursor) => cursor.name === name)?.id;

describe('a named cursor', () => {
  test('begins with everything that is stored, and goes on behind what was acknowledged', async () => {
    assert.deepEqual(await work('a'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(await work('a'), []);
    await client.recordBatch(numberedFrom(10, 2));
    assert.deepEqual(await work('a'), [10, 11]);
    assert.equal(await idOf('a'), 12);
  });

  test('gives again what was given out and not acknowledged', async () => {
    const tail = daemon.connect().tail({ cursorName: 'b' });
    assert.deepEqual(numbersOf(await take(tail, 3)), [0, 1, 2]);
    assert.equal((await client.cursors()).find(({ name }) => name === 'b')?.inUse, true);
    await tail.return();
    // Nobody asked for a fourth, so the third may not be done.
    assert.equal(await idOf('b'), 2);
    assert.deepEqual((await work('b')).slice(0, 2), [2, 3]);
  });

  test('is acknowledged by hand alone when that is wanted', async () => {
    const tail = daemon.connect().tail({ cursorName: 'c', acknowledgement: 'manual' });
    const events = await take(tail, 5);
    assert.equal(await idOf('c'), 0);
    tail.acknowledge(events[1]);
    tail.acknowledge(events[0]);
    await tail.return();
    assert.equal(await idOf('c'), 2);
  });

  test('passes over what does not match, once', async () => {
    const filter = { types: ['rare'] };
    assert.deepEqual(await work('d', filter), []);
    const { last_id: lastId } = await client.status();
    assert.equal(await idOf('d'), lastId);
    await using own = daemon.connect();
    const tail = own.tail({ cursorName: 'd', ...filter });
    const next = tail.next();
    await client.recordBatch(numberedFrom(1_000, limits.tailProgressEvents));
    await waitFor('the position', async () => (await idOf('d')) === lastId + limits.tailProgressEvents);
    await client.recordBatch([{ type: 'rare', source: 's' }]);
    assert.equal((await next).value?.type, 'rare');
    await tail.return();
  });

  test('begins behind a position when it is new, and never goes back', async () => {
    const { databaseId } = await client.ready();
    const own = { after: { databaseId, id: 7 }, until: 1_000_010 };
    assert.deepEqual(await work('e', own), [7, 8, 9]);
    assert.deepEqual(await work('e', own), []);
    await client.acknowledge('e', { databaseId, id: 1 });
    assert.deepEqual(await work('e', own), []);
  });

  test('belongs to one connection at a time', async () => {
    const first = daemon.connect({ clientName: 'holder' });
    const tail = first.tail({ cursorName: 'f' });
    await take(tail, 1);
    const second = daemon.connect();
    await assert.rejects(second.tail({ cursorName: 'f' }).next(), refusal('cursor_in_use', `pid ${process.pid}`));
    await assert.rejects(client.deleteCursor('f'), refusal('cursor_in_use'));
    await take(second.tail({ cursorName: 'g' }), 1);
    await first.close();
    await waitFor('it is free', async () => !(await client.cursors()).some(({ name, inUse }) => name === 'f' && inUse));
    assert.deepEqual(numbersOf(await take(second.tail({ cursorName: 'f' }), 1)), [0]);
    await second.close();
  });

  test('is kept while its consumer has enough to do, and missing nothing', async () => {
    const { last_id: lastId } = await client.status();
    const { databaseId } = await client.ready();
    const [slow, other] = [daemon.connect(), daemon.connect()];
    const tail = slow.tail({ cursorName: 'h', after: { databaseId, id: lastId } });
    const first = tail.next();
    await client.recordBatch(numberedFrom(100_000, 5_000));
    assert.equal((await first).value?.data['n'], 100_000);
    await waitFor('the pause', async () => (await client.status()).tails === 0);
    await assert.rejects(other.tail({ cursorName: 'h' }).next(), refusal('cursor_in_use'));
    assert.deepEqual(
      numbersOf(await take(tail, 4_999)),
      numberedFrom(100_001, 4_999).map(({ data }) => data['n']),
    );
    await slow.close();
    await other.close();
  });

  test('goes to who waits for it when its consumer ends', async () => {
    const one = daemon.connect();
    const tail = one.tail({ cursorName: 'handed over' });
    await take(tail, 1);
    const two = daemon.connect();
    const next = two.tail({ cursorName: 'handed over' }).next();
    // The daemon has the request of the second when it answers this.
    await two.status();
    await one.close();
    assert.equal((await next).done, false);
    await two.close();
  });

  test('is free when its consumer ends in a pause', async () => {
    const own = daemon.connect();
    const tail = own.tail({ cursorName: 'i' });
    await take(tail, 1);
    await waitFor('the pause', async () => (await client.status()).tails === 0);
    await tail.return();
    await own.status();
    assert.equal(await client.deleteCursor('i'), true);
    assert.equal(await client.deleteCursor('i'), false);
    await own.close();
  });

  test('refuses what cannot be', async () => {
    const { databaseId } = await client.ready();
    const cases: [() => Promise<unknown>, string][] = [
      [() => client.acknowledge('nobody', { databaseId, id: 1 }), 'unknown_cursor'],
      [() => client.acknowledge('a', { databaseId, id: 1e9 }), 'invalid_cursor'],
      [() => client.acknowledge('a', { databaseId: 'another', id: 1 }), 'invalid_cursor'],
      [() => client.tail({ cursorName: 'x', after: { databaseId, id: 1e9 } }).next(), 'invalid_cursor'],
      [() => client.tail({ cursorName: '' }).next(), 'invalid_request'],
    ];
    for (const [attempt, code] of cases) await assert.rejects(attempt, { code });
    assert.deepEqual(
      (await client.cursors()).filter(({ name }) => name === 'x' || name === ''),
      [],
    );
  });

  test('stopped before it was opened leaves nothing behind', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    // In one write, so that the stop is there before the writer has answered.
    raw.sendBytes(
      Buffer.concat([
        encodeFrame('tail', 5, encode({ cursorName: 'j' })),
        encodeFrame('tail-stop', 6, encode({ tail: 5 })),
        encodeFrame('tail', 7, encode({ cursorName: 'j' })),
      ]),
    );
    const { kind } = await raw.answer(7);
    raw.destroy();
    assert.equal(kind, 'reply');
    assert.deepEqual(
      raw.frames.filter(({ requestId }) => requestId === 5),
      [],
    );
  });

  test('is not made past the bound', async () => {
    const known = (await client.cursors()).length;
    const raw = await RawClient.greet(daemon.paths.socket);
    for (let n = known; n < limits.cursors; n += 1) {
      raw.send('tail', 10 + n, { cursorName: `filler ${n}`, filter: { types: ['none'] } });
      raw.send('tail-stop', 10_000 + n, { tail: 10 + n });
    }
    raw.send('flush', 9, {});
    await raw.answer(9);
    raw.destroy();
    await assert.rejects(client.tail({ cursorName: 'one more' }).next(), refusal('too_many_cursors'));
    assert.deepEqual((await work('a')).length > 0, true);
  });
});

describe('what the consumer of a tail has given', () => {
  test('ends the tail with what it throws', async () => {
    const fault = new Error('my fault');
    const tail = client.tail({
      onStart: () => {
        throw fault;
      },
    });
    await assert.rejects(tail.next(), fault);
    assert.deepEqual(await tail.next(), { done: true, value: undefined });
    await waitFor('no tail', async () => (await client.status()).tails === 0);
  });
});

test('kill -9 of consumer and daemon: every event at least once', async () => {
  await using first = await DaemonProcess.start();
  const record = async (from: number) => {
    await using recorder = connect({ socketPath: first.paths.socket });
    await recorder.recordBatch(numberedFrom(from, 50));
  };
  const seen = new Set<unknown>();
  const follow = async (count: number) => {
    const own = connect({ socketPath: first.paths.socket, reconnect: false });
    const tail = own.tail({ cursorName: 'indexer' });
    for (const event of await take(tail, count)) seen.add(event.data['n']);
    return own;
  };
  await record(0);
  const one = await follow(20);
  await first.kill('SIGKILL');
  await one.close();
  await using again = await DaemonProcess.start({ home: first.home });
  await record(50);
  // What was acknowledged in the moment before may come again: nothing is missing all the same.
  const two = await follow(80);
  const three = connect({ socketPath: again.paths.socket });
  await two.close();
  for await (const event of three.tail({ cursorName: 'indexer', follow: false })) seen.add(event.data['n']);
  assert.equal(seen.size, 100);
  await three.close();
});
