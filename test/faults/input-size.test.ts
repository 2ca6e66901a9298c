import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Client } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { PeakMemory, skipWithoutPeakMemory } from '../harness/peak-memory.ts';
import { RawClient } from '../harness/raw-client.ts';

const MiB = 1024 * 1024;
/** What the daemon may grow by, whatever is announced to it. */
const mostMiB = 16;

let daemon: DaemonProcess;
let bystander: Client;
let timestamp = 0;
before(async () => {
  daemon = await DaemonProcess.start();
  bystander = daemon.connect();
  // What the first requests and the first refusal cost for good is spent before anything is measured.
  for (let round = 0; round < 20; round += 1) {
    await bystanderIsServed();
    await announce(64 * MiB, round % 2 === 0);
  }
});
after(() => daemon.stop());

async function bystanderIsServed(): Promise<void> {
  const { stored } = await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: (timestamp += 1) }]);
  assert.equal(stored, 1);
}

/** Announces a frame of so many bytes and begins to send it, until the connection is closed. */
async function announce(bytes: number, isGreeted: boolean): Promise<void> {
  const { socket } = daemon.paths;
  const raw = isGreeted ? await RawClient.greet(socket) : await RawClient.open(socket);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes);
  raw.sendBytes(prefix);
  for (let sent = 0; sent < 64 * MiB && !raw.isClosed && !raw.socket.destroyed; sent += MiB) {
    if (!raw.socket.write(Buffer.alloc(MiB, 0x91))) {
      await Promise.race([once(raw.socket, 'drain').catch(() => undefined), raw.closed()]);
    }
  }
  await raw.closed();
  const last = raw.frames.at(-1);
  assert.deepEqual([last?.kind, last?.requestId], ['error', 0]);
  assert.equal((last?.body as { code: string }).code, 'too_large');
}

for (const bytes of [64 * MiB, 2 ** 32 - 1, limits.frameBytes + 1]) {
  test(`row 31: ${bytes} bytes are announced: refused at once, nothing is kept of them, only that client has to go`, {
    skip: skipWithoutPeakMemory,
  }, async (t) => {
    const idle = await RawClient.greet(daemon.paths.socket);
    const memory = new PeakMemory(daemon.process.pid ?? 0);
    for (let round = 0; round < 4; round += 1) await announce(bytes, round % 2 === 0);
    await Promise.all(Array.from({ length: 4 }, () => announce(bytes, true)));
    await bystanderIsServed();
    t.diagnostic(`${memory.grownMiB.toFixed(1)} MiB at most`);
    assert.ok(memory.grownMiB < mostMiB, `${memory.grownMiB} MiB`);
    idle.send('status', 2, {});
    assert.equal((await idle.answer(2)).kind, 'reply');
    idle.destroy();
  });
}

test('row 31: an event over its limit is refused alone, by the client library before it leaves', async () => {
  const raw = await RawClient.greet(daemon.paths.socket);
  const event = { type: 'a', source: 'b', timestamp: 1 };
  const tooLarge = { ...event, data: { text: 'x'.repeat(limits.eventBytes) } };
  raw.send('record', 2, { events: [{ ...event, type: 'before' }, tooLarge, { ...event, type: 'behind' }] });
  const { stored, rejected } = (await raw.answer(2)).body as {
    stored: number;
    rejected: { index: number; code: string }[];
  };
  assert.equal(stored, 2);
  assert.deepEqual(
    rejected.map(({ index, code }) => [index, code]),
    [[1, 'too_large']],
  );
  raw.destroy();
  const enormous = { ...event, data: { text: 'x'.repeat(64 * MiB) } };
  assert.throws(() => bystander.record(enormous), { code: 'too_large' });
  await bystanderIsServed();
});
