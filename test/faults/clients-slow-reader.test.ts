import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client, StoredEvent } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import type { TailEvents } from '../../shared/messages/tail.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { waitFor } from '../harness/wait-for.ts';
import { waited } from '../harness/waited.ts';

const MiB = 1024 * 1024;
const text = 'x'.repeat(250_000);

/** Stores events one after the other. Resolves with how long the slowest receipt took, ms. */
async function feed(client: Client, from: number, to: number): Promise<number> {
  let slowestMs = 0;
  for (let n = from; n < to; n += 1) {
    const tookMs = await waited(async () => {
      const { stored } = await client.recordBatch([{ type: 't', source: 's', timestamp: n, data: { text } }]);
      assert.equal(stored, 1);
    });
    slowestMs = Math.max(slowestMs, tookMs);
  }
  return slowestMs;
}

describe('a client that does not read', () => {
  test('row 38: its tails cost no memory and hold up nobody, and then it gets everything', async (t) => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const raw = await RawClient.greet(daemon.paths.socket);
    const quick = client.tail({ after: { databaseId, id: 0 } });
    const take = async (count: number) => {
      for (let n = 0; n < count; n += 1) await quick.next();
    };
    // What such events and a tail that is read cost is spent before anything is measured.
    await feed(client, 0, 60);
    await take(60);
    const before = (await client.status()).memory_bytes;
    raw.socket.pause();
    const tails = Array.from({ length: limits.tailsPerConnection }, (_, n) => 100 + n);
    for (const id of tails) raw.send('tail', id, { filter: {}, after: { databaseId, id: 0 } });
    const slowestMs = await feed(client, 60, 120);
    await take(60);
    const grown = (await client.status()).memory_bytes - before;
    t.diagnostic(
      `${(grown / MiB).toFixed(1)} MiB more than before, the slowest receipt after ${slowestMs.toFixed()} ms`,
    );
    assert.ok(slowestMs < 2_000, `a receipt took ${slowestMs} ms`);
    // Kept for the client, it would be 480 MB. A page for each tail may be on its way.
    assert.ok(grown < 128 * MiB, `${(grown / MiB).toFixed(1)} MiB more than before`);

    const [kept, ...others] = tails;
    for (const tail of others) raw.send('tail-stop', tail, { tail });
    raw.socket.resume();
    const seen = () =>
      raw.frames
        .filter(({ kind, requestId }) => kind === 'events' && requestId === kept)
        .flatMap(({ body }) => (body as { events: StoredEvent[] }).events.map(({ id }) => id));
    await waitFor('everything', () => seen().length >= 120);
    assert.deepEqual(
      seen(),
      Array.from({ length: 120 }, (_, n) => n + 1),
    );
    raw.destroy();
    await quick.return();
  });

  test('row 38: all the tails it may have do not end its connection, though each page is large', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    // Three bytes each on the wire, and counted as one in a page.
    const data = { text: '€'.repeat(250_000) };
    const count = 8;
    for (let n = 0; n < count; n += 1) await client.recordBatch([{ type: 't', source: 's', timestamp: n, data }]);
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.socket.pause();
    const tails = Array.from({ length: limits.tailsPerConnection }, (_, n) => 100 + n);
    for (const id of tails) raw.send('tail', id, { filter: {}, after: { databaseId, id: 0 } });
    await waitFor('its tails', async () => (await client.status()).tails === tails.length);
    // One reader answers in order: with this page it has answered for the tails, too.
    await client.page({});
    assert.equal((await client.status()).connections, 2, 'it is still there');
    raw.socket.resume();
    const ends = () => raw.frames.filter(({ body }) => (body as Partial<TailEvents>).position?.id === count).length;
    await waitFor('everything for each tail', () => raw.isClosed || ends() >= tails.length);
    assert.equal(raw.isClosed, false);
    raw.destroy();
  });

  test('row 38: with answers to its questions untaken it is cut off at the bound', async () => {
    await using daemon = await DaemonProcess.start({ config: { log_level: 'debug' } });
    const bystander = daemon.connect();
    await feed(bystander, 0, 8);
    const before = (await bystander.status()).memory_bytes;
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.socket.pause();
    // Half a gigabyte of answers.
    for (let n = 0; n < 250; n += 1) raw.send('query', n + 2, {});
    let next = 8;
    await waitFor('the client to be cut off', async () => {
      const slowestMs = await feed(bystander, next, (next += 1));
      assert.ok(slowestMs < 2_000, `a receipt took ${slowestMs} ms`);
      return (await bystander.status()).connections === 1;
    });
    const grown = (await bystander.status()).memory_bytes - before;
    assert.ok(grown < 400 * MiB, `${(grown / MiB).toFixed(1)} MiB more than before`);
    raw.socket.resume();
    await raw.closed();
    assert.ok(raw.frames.length < 200);
    assert.ok((await bystander.page({})).events.length > 0);
  });
});
