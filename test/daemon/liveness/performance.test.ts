import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Client, DaemonPerformance } from '../../../client/index.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { waitFor } from '../../harness/wait-for.ts';

async function measure(client: Client): Promise<DaemonPerformance> {
  const { performance } = await client.status();
  assert.ok(performance !== undefined);
  return performance;
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: 't', source: 's', timestamp: from + n }));

describe('the performance in a status', () => {
  test('is what was measured, and null where nothing was', async () => {
    const startSeconds = Date.now() / 1000;
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.05 } } });
    const client = daemon.connect();
    const first = await measure(client);
    assert.deepEqual(
      [first.receipts, first.receipt_p50_ms, first.receipt_p99_ms, first.batch_events, first.events_per_second],
      [0, null, null, null, 0],
    );
    assert.deepEqual([first.queue_events, first.last_checkpoint], [0, null]);

    for (let from = 0; from < 20; from += 4) await client.recordBatch(events(from, 4));
    const second = await measure(client);
    assert.deepEqual([second.receipts, second.batch_events], [5, 4]);
    assert.ok(Math.abs(second.events_per_second - 20 / 60) < 1e-9, String(second.events_per_second));
    const { receipt_p50_ms: p50, receipt_p99_ms: p99 } = second;
    assert.ok(p50 !== null && p99 !== null && p50 > 0 && p99 >= p50 && p99 < 10_000, `${p50} ${p99}`);

    // Whoever does not wait for the commit says nothing about how long it takes.
    client.record({ type: 't', source: 's', timestamp: 100 });
    await waitFor('the event to be stored', async () => (await client.status()).last_id === 21);
    const third = await measure(client);
    assert.equal(third.receipts, 5);
    assert.ok(Math.abs(third.events_per_second - 21 / 60) < 1e-9);

    // Worth an index.
    await client.recordBatch(events(1_000, 1_000));
    const { database } = daemon.paths;
    await waitFor('the sizes of the files', async () => {
      const now = await measure(client);
      const index = ['', '-wal', '-shm'].map((suffix) => sizeOf(`${database}.search${suffix}`));
      return (
        now.database_bytes === sizeOf(database) &&
        now.wal_bytes === sizeOf(`${database}-wal`) &&
        (now.index_bytes ?? 0) > 0 &&
        now.index_bytes === index.reduce((sum, size) => sum + size)
      );
    });
    const stats = await client.stats();
    assert.equal(stats.database_stats.index_bytes, (await measure(client)).index_bytes);

    const cleaned = await waitFor('the first cleanup', async () => {
      const now = await measure(client);
      return now.last_cleanup !== null && !now.cleanup_running ? now : undefined;
    });
    const { last_cleanup: last, next_cleanup: next, cpu_seconds: cpuSeconds } = cleaned;
    assert.ok(last !== null && last >= startSeconds && last <= Date.now() / 1000, String(last));
    assert.ok(next !== null && Math.abs(next - last - 24 * 3_600) < 60, String(next));
    assert.ok(cpuSeconds > 0 && cpuSeconds < 600, String(cpuSeconds));
    if (process.platform !== 'linux') assert.equal(cleaned.private_memory_bytes, null);
    else {
      const kib = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8'))?.[1]);
      const ratio = (cleaned.private_memory_bytes ?? 0) / (kib * 1024);
      assert.ok(ratio > 0.5 && ratio < 2, String(ratio));
    }
  });

  test('of a daemon that stores nothing knows of no files', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const client = daemon.connect();
    await client.recordBatch(events(0, 3));
    const now = await measure(client);
    assert.equal(now.receipts, 1);
    const { batch_events, wal_bytes, database_bytes, index_bytes, last_cleanup, next_cleanup } = now;
    assert.deepEqual(
      { batch_events, wal_bytes, database_bytes, index_bytes, last_cleanup, next_cleanup },
      {
        batch_events: null,
        wal_bytes: null,
        database_bytes: null,
        index_bytes: null,
        last_cleanup: null,
        next_cleanup: null,
      },
    );
  });
});
