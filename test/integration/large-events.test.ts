import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';

const text = 'a'.repeat(1_000_000);
const count = 30;
const events = Array.from({ length: count }, (_, n) => ({
  type: 'large',
  source: 's',
  timestamp: n,
  data: { text, n },
}));

describe('events of a megabyte that compress to nothing', () => {
  test('are stored, listed and followed, whole', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    const receipt = await client.recordBatch(events);
    assert.deepEqual([receipt.stored, receipt.rejected.length], [count, 0]);

    for (const order of ['asc', 'desc'] as const) {
      const listed: number[] = [];
      for await (const { timestamp, data } of client.events({ order })) {
        assert.equal(data['text'], text);
        listed.push(timestamp);
      }
      const expected = events.map(({ timestamp }) => timestamp);
      assert.deepEqual(listed, order === 'asc' ? expected : expected.toReversed());
    }

    const tail = client.tail({ after: { databaseId, id: 0 } });
    for (let n = 0; n < count; n += 1) {
      const { value } = await tail.next();
      assert.equal((value as { timestamp: number }).timestamp, n);
    }
    await tail.return();
    assert.ok((await client.stats()).database_stats.database_size_mb < 5);
  });
});
