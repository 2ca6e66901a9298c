import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import { threadStandsStillWhileThereIs } from '../../harness/daemon-faults.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const MiB = 1024 * 1024;

/** Resolves when the socket has taken no more bytes for a while. */
async function standsStill(raw: RawClient): Promise<void> {
  let before = -1;
  let rounds = 0;
  await waitFor('the daemon to stop reading', () => {
    const now = raw.socket.writableLength;
    rounds = now === before ? rounds + 1 : 0;
    before = now;
    return rounds >= 5;
  });
}

describe('a client that floods', () => {
  test('is not read while the writer is busy, and costs nobody else anything; in the end all of it is stored', async () => {
    using elsewhere = temporaryHome();
    const busy = join(elsewhere.path, 'busy');
    await using daemon = await DaemonProcess.start({ nodeArguments: threadStandsStillWhileThereIs(busy, 'writer') });
    const bystander = daemon.connect();
    await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: 1 }]);
    const before = (await bystander.status()).memory_bytes;

    writeFileSync(busy, '');
    const raw = await RawClient.greet(daemon.paths.socket);
    const frames = 80;
    const text = 'x'.repeat(500_000);
    for (let n = 0; n < frames; n += 1) {
      raw.sendBody('record', n + 2, encode({ events: [{ type: 'flood', source: 'b', timestamp: n, data: { text } }] }));
    }
    await waitFor('the queue to fill', async () => {
      const { queue_bytes: queued } = await bystander.status();
      return queued >= limits.ingestQueueBytesPerConnection / 2;
    });
    await standsStill(raw);
    assert.ok(raw.socket.writableLength > 20 * MiB, 'most of it is still here');
    const { queue_bytes: queued, memory_bytes: memory } = await bystander.status();
    assert.ok(queued <= limits.ingestQueueBytesPerConnection + limits.writerWindowBytes + MiB, `${queued} bytes`);
    assert.ok(memory - before < 64 * MiB, `${((memory - before) / MiB).toFixed(1)} MiB more than before`);
    assert.equal((await bystander.page({})).events.length, 1, 'readers do not wait for the writer');

    rmSync(busy);
    assert.equal((await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: 2 }])).stored, 1);
    for (let n = 0; n < frames; n += 1) {
      assert.equal(((await raw.answer(n + 2)).body as { stored: number }).stored, 1);
    }
    assert.deepEqual((await bystander.stats()).database_stats.by_type, { bystander: 2, flood: frames });
    raw.destroy();
  });

  test('does not read its receipts, and everybody else gets theirs', async () => {
    await using daemon = await DaemonProcess.start();
    const bystander = daemon.connect();
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.socket.pause();
    // Requests whose answers are large next to themselves: each event is refused with a message.
    const body = encode({ events: Array.from({ length: 10_000 }, () => 0) });
    for (let n = 0; n < 10; n += 1) raw.sendBody('record', n + 2, body);
    for (let n = 0; n < 10; n += 1) {
      const { stored } = await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: n }]);
      assert.equal(stored, 1);
    }
    raw.socket.resume();
    for (let n = 0; n < 10; n += 1) {
      assert.equal(((await raw.answer(n + 2)).body as { rejected: unknown[] }).rejected.length, 10_000);
    }
    raw.destroy();
  });
});
