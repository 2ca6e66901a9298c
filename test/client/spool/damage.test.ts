import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';
import { kill, SpoolStage } from './spool-stage.ts';

/** Has a process leave 300 numbered events in one segment, and lets `harm` change its bytes. */
async function leaveHarmed(stage: SpoolStage, harm: (bytes: Buffer) => Buffer): Promise<void> {
  const script = stage.startScript(`
    for (let n = 0; n < 300; n += 1) client.record(numbered(n));
    await until(() => client.counters.spooled === 300);
    say('spooled');
    await until(() => false);`);
  await script.prints('spooled');
  await kill(script);
  const [name = ''] = stage.files('.spool');
  const path = join(stage.spoolDirectory, name);
  writeFileSync(path, harm(readFileSync(path)));
}

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
}

/** Where the record of an event begins: at its mark. */
function recordAt(bytes: Buffer, index: number): number {
  let at = 0;
  for (let count = 0; count <= index; count += 1) at = bytes.indexOf(Buffer.from([0xc1, 0xf5, 0xc1, 0xff]), at + 1);
  return at;
}

describe('a damaged segment of an ended process', () => {
  test('costs the records that are damaged, which are counted and reported', async () => {
    await using stage = new SpoolStage();
    await leaveHarmed(stage, (bytes) => {
      for (const index of [10, 11, 200]) flip(bytes, recordAt(bytes, index) + 30);
      return bytes;
    });
    await stage.startDaemon();
    const client = stage.connect();
    assert.deepEqual(await client.recover(), { stored: 297, duplicate: 0, rejected: 0, damaged: 3 });
    assert.equal(client.counters.damaged, 3);
    assert.deepEqual(
      await stage.stored(),
      countTo(300).filter((n) => ![10, 11, 200].includes(n)),
    );
    assert.deepEqual(
      (await stage.gaps()).map(({ reason, count, source, since, until }) => ({ reason, count, source, since, until })),
      [
        [9, 12, 2],
        [199, 201, 1],
      ].map(([before = 0, after = 0, count]) => ({
        reason: 'spool_damaged',
        count,
        source: 'test',
        since: numbered(before).timestamp,
        until: numbered(after).timestamp,
      })),
    );
    assert.deepEqual(stage.files(), []);
  });

  test('with a damaged header loses nothing', async () => {
    await using stage = new SpoolStage();
    await leaveHarmed(stage, (bytes) => {
      flip(bytes, 2);
      return bytes;
    });
    await stage.startDaemon();
    assert.deepEqual(await stage.connect().recover(), { stored: 300, duplicate: 0, rejected: 0, damaged: 0 });
    assert.deepEqual(await stage.gaps(), []);
  });

  test('torn in its last record is whole but for that', async () => {
    await using stage = new SpoolStage();
    await leaveHarmed(stage, (bytes) => bytes.subarray(0, bytes.length - 5));
    await stage.startDaemon();
    assert.deepEqual(await stage.connect().recover(), { stored: 299, duplicate: 0, rejected: 0, damaged: 1 });
    assert.deepEqual(await stage.stored(), countTo(299));
    assert.deepEqual(
      (await stage.gaps()).map(({ reason, count }) => [reason, count]),
      [['spool_damaged', 1]],
    );
  });

  test('with nothing left in it is gone and reported', async () => {
    await using stage = new SpoolStage();
    await leaveHarmed(stage, (bytes) => Buffer.alloc(bytes.length));
    await stage.startDaemon();
    const { stored, damaged } = await stage.connect().recover();
    assert.equal(stored, 0);
    assert.ok(damaged >= 1);
    assert.deepEqual(stage.files(), []);
  });
});

test('a segment that is damaged while its process lives: flush() ends, and what is lost is counted', async () => {
  await using stage = new SpoolStage();
  const client = stage.connect({ spool: { maxBytes: 64 * 1024 } });
  client.record(numbered(0));
  await waitFor('the spool', () => client.counters.spooled === 1);
  for (let n = 1; n < 500; n += 1) {
    client.record(numbered(n));
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor('all of it in the spool', () => client.counters.spooled === 500);
  const [first = '', second = '', third = ''] = stage.files('.spool').toSorted();
  const bytes = readFileSync(join(stage.spoolDirectory, first));
  flip(bytes, recordAt(bytes, 1) + 20);
  writeFileSync(join(stage.spoolDirectory, first), bytes);
  truncateSync(join(stage.spoolDirectory, second), 2_000);
  truncateSync(join(stage.spoolDirectory, third), 0);
  await stage.startDaemon();
  await client.flush();
  const { stored, damaged, pending, spooled } = client.counters;
  assert.deepEqual({ sum: stored + damaged, pending, spooled }, { sum: 500, pending: 0, spooled: 0 });
  assert.ok(damaged > 100);
  assert.equal((await stage.stored()).length, stored);
  await waitFor('the report', async () => {
    const gaps = await stage.gaps();
    return gaps.reduce((sum, { count }) => sum + count, 0) === damaged;
  });
  for (const event of numberedFrom(500, 10)) client.record(event);
  await client.flush();
  assert.equal((await stage.stored()).length, stored + 10);
  assert.deepEqual(stage.files(), []);
});
