import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { limits } from '../../../shared/limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { waitFor } from '../../harness/wait-for.ts';

describe('a daemon with the most connections it serves', () => {
  test('tells one more why it is refused, goes on serving, and serves again when one has left', async () => {
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
    first.send('record', 2, { events: [{ type: 'a', source: 'b' }] });
    assert.equal((await first.answer(2)).kind, 'reply');

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

  test('gives back what each connection took', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.status();
    const files = () => readdirSync(`/proc/${daemon.process.pid}/fd`).length;
    const before = files();
    for (let round = 0; round < 20; round += 1) {
      const raws = await Promise.all(Array.from({ length: 25 }, () => RawClient.open(daemon.paths.socket)));
      for (const raw of raws) raw.destroy();
    }
    await waitFor('all to be gone', async () => (await client.status()).connections === 1);
    await waitFor('their files to be closed', () => files() <= before);
  });
});
