import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SmallDisk } from '../../harness/small-disk.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';
import { SpoolStage } from './spool-stage.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a full disk under the spool', { skip: SmallDisk.skip }, () => {
  test('fills the memory, is tried again, and loses nothing that was taken', async () => {
    using disk = await SmallDisk.mount('1m');
    await using stage = new SpoolStage();
    const problems: unknown[] = [];
    const client = stage.connect({
      bufferBytes: 20_000,
      spool: { directory: join(disk.outside, 'spool') },
      onSpoolProblem: (error) => problems.push(error),
    });
    for (const event of numberedFrom(0, 100)) client.record(event);
    await waitFor('the spool', () => client.counters.spooled === 100);
    disk.fill();
    const refused: number[] = [];
    for (let n = 100; n < 1_000; n += 1) {
      if (!client.record(numbered(n))) refused.push(n);
      if (n % 10 === 0) await turn();
    }
    assert.ok(refused.length > 300 && refused.length < 800, `${refused.length} refused`);
    assert.equal(client.counters.dropped, refused.length);
    assert.match(String(problems[0]), /ENOSPC/);
    assert.ok(client.counters.spoolProblems >= 1);
    disk.empty();
    await waitFor('what is in memory to be saved', () => client.counters.spooled === client.counters.pending);
    for (let n = 1_000; n < 1_100; n += 1) assert.ok(client.record(numbered(n)));

    await stage.startDaemon();
    await client.flush();
    const missing = new Set(refused);
    assert.deepEqual(
      await stage.stored(),
      countTo(1_100).filter((n) => !missing.has(n)),
    );
    await waitFor('the report', async () => {
      const gaps = await stage.gaps();
      return gaps.length > 0 && gaps.every(({ reason }) => reason === 'buffer_full');
    });
    assert.equal(
      (await stage.gaps()).reduce((sum, { count }) => sum + count, 0),
      refused.length,
    );
    await client.close();
    assert.deepEqual(readdirSync(join(disk.outside, 'spool')), []);
  });

  test('from the beginning: events are in memory only, and arrive', async () => {
    using disk = await SmallDisk.mount('1m');
    await using stage = new SpoolStage();
    disk.fill();
    const problems: unknown[] = [];
    const client = stage.connect({
      spool: { directory: join(disk.outside, 'spool') },
      onSpoolProblem: (error) => problems.push(error),
    });
    for (const event of numberedFrom(0, 500)) client.record(event);
    await waitFor('it to be said', () => problems.length > 0);
    assert.deepEqual([client.counters.spooled, client.counters.pending], [0, 500]);
    await stage.startDaemon();
    await client.flush();
    assert.deepEqual(await stage.stored(), countTo(500));
  });
});
