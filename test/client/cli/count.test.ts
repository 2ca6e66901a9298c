import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventCount } from '../../../client/index.ts';
import { buckets } from '../../../client/cli/histogram-buckets.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';

/** 2025-11-21 00:00 UTC. */
const midnight = 1_763_683_200;
const HOUR = 3_600;

describe('counting', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([
      { type: 'a', source: 'x', action: 'go', timestamp: midnight - HOUR, data: { n: 0 } },
      { type: 'a', source: 'y', timestamp: midnight + 60, data: { n: 1 } },
      { type: 'b', source: 'x', timestamp: midnight + 1_800, data: { n: 2 } },
      { type: 'a', source: 'x', timestamp: midnight + 3 * HOUR, data: { n: 3 } },
    ]);
  });
  after(() => daemon.stop());

  const run = async (args: string[], zone = 'UTC') => {
    const { exitCode, stdout, stderr } = await daybook(daemon.home, args, { environment: { TZ: zone } });
    assert.deepEqual([exitCode, stderr], [0, ''], stderr);
    return stdout;
  };
  const rows = async (args: string[], zone?: string) => rowsOf<EventCount>(await run([...args, '--json'], zone));

  test('of everything is one number', async () => {
    assert.equal(await run(['count']), '4\n');
    assert.deepEqual(await rows(['count']), [{ count: 4 }]);
    assert.deepEqual(await rows(['count', '--type', 'nobody']), [{ count: 0 }]);
  });

  test('by names and hours, with filters', async () => {
    assert.deepEqual(await rows(['count', '--by', 'type']), [
      { type: 'a', count: 3 },
      { type: 'b', count: 1 },
    ]);
    assert.deepEqual(await rows(['count', '--by', 'hour', '--by', 'action', '--where', 'data.n < 3']), [
      { hour: midnight - HOUR, action: 'go', count: 1 },
      { hour: midnight, action: null, count: 2 },
    ]);
    assert.deepEqual(await rows(['count', '--by', 'source', '--since', String(midnight + 61)]), [
      { source: 'x', count: 2 },
    ]);
    assert.match(await run(['count', '--by', 'hour', '--by', 'type']), /^hour +type +events\n2025-11-20 23:00 +a +1\n/);
  });

  test('by day goes by local days, made up of hours of UTC', async () => {
    const days = async (zone: string) =>
      (await rows(['count', '--by', 'day'], zone)).map(({ day, count }) => [day, count]);
    assert.deepEqual(await days('UTC'), [
      ['2025-11-20', 1],
      ['2025-11-21', 3],
    ]);
    assert.deepEqual(await days('America/New_York'), [['2025-11-20', 4]]);
    // Midnight is 18:30 UTC there; all of these are of the day after it.
    assert.deepEqual(await days('Asia/Kolkata'), [['2025-11-21', 4]]);
    assert.deepEqual(await rows(['count', '--by', 'day', '--by', 'type']), [
      { day: '2025-11-20', type: 'a', count: 1 },
      { day: '2025-11-21', type: 'a', count: 2 },
      { day: '2025-11-21', type: 'b', count: 1 },
    ]);
  });

  test('in a histogram has hours without events too', async () => {
    const expected = [1, 2, 0, 0, 1].map((count, place) => ({ hour: midnight + (place - 1) * HOUR, count }));
    assert.deepEqual(await rows(['histogram']), expected);
    assert.equal(await run(['histogram']), expected.map((bucket) => `${JSON.stringify(bucket)}\n`).join(''));
    assert.deepEqual(await rows(['histogram', '--by', 'day', '--type', 'a']), [
      { day: '2025-11-20', count: 1 },
      { day: '2025-11-21', count: 2 },
    ]);
    assert.deepEqual(await rows(['histogram', '--type', 'nobody']), []);
  });

  test('refuses what it cannot count by', async () => {
    for (const args of [
      ['count', '--by', 'week'],
      ['histogram', '--by', 'type'],
      ['count', '--where', 'n = 1'],
    ]) {
      assert.equal((await daybook(daemon.home, args)).exitCode, 2);
    }
  });
});

describe('the buckets of a histogram', () => {
  test('have none missing in between, over the end of a year', () => {
    const days = buckets([
      { day: '2024-12-30', count: 1 },
      { day: '2025-01-02', count: 2 },
    ]);
    assert.deepEqual(
      days.map(({ label, values }) => [label, values.count]),
      [
        ['2024-12-30', 1],
        ['2024-12-31', 0],
        ['2025-01-01', 0],
        ['2025-01-02', 2],
      ],
    );
  });

  test('are those with events when there would be too many', () => {
    const counts = [
      { hour: 0, count: 1 },
      { hour: midnight, count: 1 },
    ];
    assert.deepEqual(
      buckets(counts).map(({ values }) => values),
      counts,
    );
  });
});
