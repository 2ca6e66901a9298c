import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockAhead } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const DAY = 86_400;
const now = () => Date.now() / 1000;
const event = (timestamp: number, n: number) => ({ type: 'a', source: 's', timestamp, data: { n } });

describe('a daemon whose clock', () => {
  test('was turned back goes on: ids grow, tails follow, and nothing is deleted', async () => {
    using home = temporaryHome();
    await using first = await DaemonProcess.start({ home: home.path });
    const { databaseId } = await first.connect().ready();
    await first.connect().recordBatch([event(now(), 1), event(now(), 2)]);
    await first.stop();

    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments: clockAhead(-100 * DAY) });
    const client = daemon.connect();
    const tail = client.tail({ after: { databaseId, id: 1 } });
    const receipt = await client.recordBatch([event(now(), 3)]);
    assert.deepEqual([receipt.firstId, receipt.lastId], [3, 3]);
    const seen = [await tail.next(), await tail.next()];
    assert.deepEqual(
      seen.map(({ value }) => (value as { id: number }).id),
      [2, 3],
    );
    await tail.return();
    const { total_events: total, recent_events_1h: recent } = (await client.stats()).database_stats;
    assert.deepEqual([total, recent], [3, 0], 'what is ahead of this clock is not of its last hour');
  });
});
