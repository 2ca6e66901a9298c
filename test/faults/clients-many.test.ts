import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { openFiles, skipWithoutOpenFiles } from '../harness/open-files.ts';
import { RawClient } from '../harness/raw-client.ts';
import { waitFor } from '../harness/wait-for.ts';

describe('as many connections as there may be', () => {
  test('row 39: one more is told why it is refused, the others are served, and one that leaves makes room', async () => {
    await using daemon = await DaemonProcess.start();
    const { socket } = daemon.paths;
    const raws: RawClient[] = [];
    while (raws.length < limits.connections) {
      raws.push(...(await Promise.all(Array.from({ length: 64 }, () => RawClient.greet(socket)))));
    }
    const [first] = raws;
    assert.ok(first);

    const refused = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(socket)));
    for (const raw of refused) {
      await raw.closed();
      const body = raw.frames[0]?.body as { code: string; message: string; retryable: boolean };
      assert.deepEqual([body.code, body.retryable], ['too_many_connections', true]);
      assert.match(body.message, /1024 connections/);
    }
    for (const raw of raws) raw.send('record', 2, { events: [{ type: 'a', source: 'b' }] });
    for (const raw of raws) assert.equal((await raw.answer(2)).kind, 'reply', 'each of them is served');

    raws.at(-1)?.destroy();
    await waitFor('a place', async () => {
      first.send('status', 3, {});
      const { body } = await first.answer(3);
      first.frames.splice(0);
      return (body as { connections: number }).connections < limits.connections;
    });
    const late = await RawClient.greet(socket);
    late.send('status', 4, {});
    assert.equal((await late.answer(4)).kind, 'reply');
    for (const raw of [...raws, late]) raw.destroy();
  });
});

/** Connects, and leaves at once. False when too many did that at the same time. */
function comeAndGo(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let isConnected = false;
    const socket = createConnection(path, () => {
      isConnected = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(isConnected));
  });
}

describe('ten thousand connections that come and go', () => {
  test('row 39: leave no file descriptor and no memory behind', { skip: skipWithoutOpenFiles }, async (t) => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { pid = 0 } = daemon.process;
    const oneRound = async (connections: number) => {
      let accepted = 0;
      while (accepted < connections) {
        const round = await Promise.all(Array.from({ length: 100 }, () => comeAndGo(daemon.paths.socket)));
        accepted += round.filter(Boolean).length;
      }
      await waitFor('all to be gone', async () => (await client.status()).connections === 1);
    };
    await oneRound(2_000);
    const files = openFiles(pid);
    const before = (await client.status()).memory_bytes;
    const started = performance.now();
    await oneRound(10_000);
    const grownMiB = ((await client.status()).memory_bytes - before) / 1024 / 1024;
    t.diagnostic(`${(performance.now() - started).toFixed()} ms, ${grownMiB.toFixed(1)} MiB more`);
    await waitFor('their descriptors to be closed', () => openFiles(pid) <= files);
    assert.ok(grownMiB < 64, `${grownMiB} MiB`);
    assert.equal((await client.recordBatch([{ type: 'a', source: 'b' }])).stored, 1);
  });
});
