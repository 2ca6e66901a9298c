import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Client, ConnectOptions, Gap } from '../../../client/index.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered } from '../numbered-events.ts';
import { endOf, kill, SpoolStage } from './spool-stage.ts';

const maxBytes = 64 * 1024;

/** Records until `count`, with a turn of the event loop in between, and says which events were not taken. */
async function recordTo(client: Client, stage: SpoolStage, count: number, perTurn: number): Promise<number[]> {
  const refused: number[] = [];
  for (let n = 0; n < count; n += 1) {
    if (!client.record(numbered(n))) refused.push(n);
    if (n % perTurn !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(bytesIn(stage) <= maxBytes, `${bytesIn(stage)} bytes in the directory`);
  }
  return refused;
}

function bytesIn(stage: SpoolStage): number {
  if (stage.files().length === 0) return 0;
  return readdirSync(stage.spoolDirectory)
    .map((name) => statSync(join(stage.spoolDirectory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

const summed = (gaps: readonly { count: number }[]) => gaps.reduce((sum, { count }) => sum + count, 0);

/** What the daemon knows to be missing, as soon as it knows of anything. */
function reported(stage: SpoolStage): Promise<Gap[]> {
  return waitFor('a report', async () => {
    const gaps = await stage.gaps();
    return gaps.length > 0 ? gaps : undefined;
  });
}

async function down(stage: SpoolStage, options: ConnectOptions): Promise<Client> {
  const client = stage.connect(options);
  client.record(numbered(-1));
  await waitFor('the spool to be in use', () => client.counters.spooled === 1);
  return client;
}

describe('a full spool', () => {
  for (const perTurn of [1, 700, 100_000]) {
    test(`reject, ${perTurn} a turn: record() says false, and exactly that is missing and reported`, async () => {
      await using stage = new SpoolStage();
      const client = await down(stage, { spool: { maxBytes } });
      const refused = await recordTo(client, stage, 2_000, perTurn);
      assert.ok(refused.length > 1_000 && refused.length < 1_600, `${refused.length} of 2,000 refused`);
      assert.deepEqual(
        refused,
        countTo(refused.length).map((n) => n + 2_000 - refused.length),
        'the newest',
      );
      await waitFor('the end of the turn', () => client.counters.spooled === client.counters.pending);
      assert.equal(client.counters.dropped, refused.length);
      await stage.startDaemon();
      await client.flush();
      assert.deepEqual(await stage.stored(), [-1, ...countTo(2_000 - refused.length)]);
      const gaps = await reported(stage);
      assert.deepEqual(
        gaps.map(({ reason, producer, source, count, since, until }) => ({
          reason,
          producer,
          source,
          count,
          since,
          until,
        })),
        [
          {
            reason: 'spool_full',
            producer: 'test',
            source: 'test',
            count: refused.length,
            since: numbered(refused[0] ?? 0).timestamp,
            until: numbered(1_999).timestamp,
          },
        ],
      );
      await waitFor('nothing to be left', () => stage.files().length === 0);
    });

    test(`drop-oldest, ${perTurn} a turn: the newest are there, and exactly the rest is reported`, async () => {
      await using stage = new SpoolStage();
      const client = await down(stage, { spool: { maxBytes, whenFull: 'drop-oldest' } });
      const refused = await recordTo(client, stage, 2_000, perTurn);
      assert.deepEqual(refused, []);
      await waitFor('the end of the turn', () => client.counters.spooled === client.counters.pending);
      const { dropped, pending } = client.counters;
      assert.equal(dropped + pending, 2_001);
      assert.ok(pending > 500 && pending < 900, `${pending} kept`);
      await stage.startDaemon();
      await client.flush();
      assert.deepEqual(
        await stage.stored(),
        countTo(pending).map((n) => n + 2_000 - pending),
      );
      await waitFor('the report', async () => summed(await stage.gaps()) === dropped);
      assert.deepEqual(new Set((await stage.gaps()).map(({ reason }) => reason)), new Set(['spool_full']));
      await waitFor('nothing to be left', () => stage.files().length === 0);
    });
  }

  test('takes events again as soon as there is room, while the daemon is still catching up', async () => {
    await using stage = new SpoolStage();
    const client = await down(stage, { spool: { maxBytes } });
    const refused = await recordTo(client, stage, 1_500, 50);
    await stage.startDaemon();
    let n = 1_500;
    await waitFor('room', () => {
      n += 1;
      if (client.record(numbered(n))) return true;
      refused.push(n);
      return false;
    });
    await client.flush();
    const missing = new Set(refused);
    assert.deepEqual(await stage.stored(), [-1, ...countTo(n + 1).filter((m) => m !== 1_500 && !missing.has(m))]);
    await waitFor('the report', async () => summed(await stage.gaps()) === refused.length);
  });

  test('what was not reported yet survives kill -9', async () => {
    await using stage = new SpoolStage();
    const script = stage.startScript(
      `let refused = 0;
       client.record(numbered(-1));
       await until(() => client.counters.spooled === 1);
       for (let n = 0; n < 3_000; n += 1) {
         if (!client.record(numbered(n))) refused += 1;
         if (n % 100 === 0) await turn();
       }
       const { readdirSync, statSync } = await import('node:fs');
       const directory = ${JSON.stringify(`${stage.spoolDirectory}/`)};
       const savedMs = () => {
         const name = readdirSync(directory).find((each) => each.endsWith('.gaps'));
         return name === undefined ? 0 : statSync(directory + name).mtimeMs;
       };
       // The last of them are refused in this turn of the event loop, and saved in a later one.
       const before = savedMs();
       await until(() => savedMs() > before);
       say('refused ' + refused + '.');
       await until(() => false);`,
      `spool: { maxBytes: ${maxBytes} }`,
    );
    await script.prints('.');
    const refused = Number(/refused (\d+)/.exec(script.stdout)?.[1]);
    assert.ok(refused > 1_000);
    await kill(script);
    await stage.startDaemon();
    const { stored } = await stage.connect().recover();
    assert.equal(stored + refused, 3_001);
    assert.equal(summed(await stage.gaps()), refused);
    assert.deepEqual(stage.files(), []);
  });

  test('what an ended process left counts, and gives way to what is new', async () => {
    await using stage = new SpoolStage();
    const script = stage.startScript(
      `for (let n = 0; n < 500; n += 1) client.record(numbered(n));
       await until(() => client.counters.spooled === 500);
       process.exit(0);`,
    );
    await endOf(script);
    const client = await down(stage, { spool: { maxBytes, whenFull: 'drop-oldest' } });
    for (let n = 500; n < 1_000; n += 1) {
      client.record(numbered(n));
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor('the end of the turn', () => client.counters.spooled === client.counters.pending);
    const { dropped } = client.counters;
    assert.equal(dropped, 500, 'the one segment of the ended process');
    assert.equal(client.counters.pending, 501);
    await stage.startDaemon();
    await client.flush();
    assert.deepEqual(await stage.stored(), [-1, ...countTo(500).map((n) => n + 500)]);
    await waitFor('the report', async () => summed(await stage.gaps()) === 500);
  });
});

test('without a spool, what the buffer had no room for is reported', async () => {
  await using stage = new SpoolStage();
  const client = stage.connect({ spool: false, bufferBytes: 1_000 });
  const refused = countTo(100).filter((n) => !client.record(numbered(n)));
  assert.ok(refused.length > 50);
  await stage.startDaemon();
  await client.flush();
  const gaps = await reported(stage);
  assert.deepEqual(
    gaps.map(({ reason, count, source }) => [reason, count, source]),
    [['buffer_full', refused.length, 'test']],
  );
});

test('a daemon that does not keep up: what does not fit into memory goes to the spool, in order', async () => {
  await using stage = new SpoolStage();
  const daemon = await stage.startDaemon();
  const client = stage.connect({ bufferBytes: 100_000 });
  await client.ready();
  daemon.process.kill('SIGSTOP');
  for (let n = 0; n < 20_000; n += 1) {
    assert.ok(client.record(numbered(n)));
    if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(client.counters.spooled > 15_000);
  daemon.process.kill('SIGCONT');
  await client.flush();
  assert.deepEqual(await stage.stored(), countTo(20_000));
  assert.equal(client.counters.dropped, 0);
  assert.deepEqual(await stage.gaps(), []);
  assert.deepEqual(stage.files(), []);
});
