import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kill, SpoolStage } from '../client/spool/spool-stage.ts';
import { numbered, numberedFrom } from '../client/numbered-events.ts';
import { assertNoOffences, Ledger } from '../harness/ledger.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Ends the daemon and holds its database against the ledger; the events must be there in the order of their numbers. */
async function judge(stage: SpoolStage, ledger: Ledger, order: readonly number[]): Promise<void> {
  assert.deepEqual(await stage.stored(), order);
  assert.equal((await stage.daemon.kill('SIGTERM')).exitCode, 0);
  // What was dropped is no loss that the ledger does not know of: it is checked against the list of gaps.
  const offences = ledger
    .judge(stage.paths.database)
    .filter(({ what }) => !/^a gap.*"(?:spool|buffer)_full"/.test(what));
  assertNoOffences(offences, stage.paths.database);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

test('row 42: the daemon is away, the client lives: its events are on disk, 0600, and arrive in order, each once', async () => {
  await using stage = new SpoolStage();
  const ledger = new Ledger();
  const client = stage.connect({ commitAtOnce: true });
  const outages = 3;
  const perPhase = 700;
  const record = async (from: number) => {
    const events = numberedFrom(from, perPhase);
    ledger.sent(events);
    for (const [index, event] of events.entries()) {
      assert.equal(client.record(event), true);
      if (index % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  for (let outage = 0; outage < outages; outage += 1) {
    await record(outage * 2 * perPhase);
    const { counters } = client;
    await waitFor('everything to be on disk', () => client.counters.spooled === client.counters.pending);
    assert.ok(counters.pending > 0);
    for (const name of stage.files()) {
      assert.equal(lstatSync(join(stage.spoolDirectory, name)).mode & 0o777, 0o600);
    }
    const daemon = await stage.startDaemon();
    await record((outage * 2 + 1) * perPhase);
    if (outage < outages - 1) {
      await daemon.kill('SIGKILL');
      ledger.interrupted();
    }
  }
  await client.flush();
  ledger.acked(numberedFrom(0, outages * 2 * perPhase));
  await judge(stage, ledger, range(0, outages * 2 * perPhase));
});

test('row 42: the daemon is away and the client is killed again and again: in order, each once', async () => {
  await using stage = new SpoolStage();
  const ledger = new Ledger();
  for (let life = 0; life < 3; life += 1) {
    const script = stage.startScript(`
      for (let n = ${life * 400}; n < ${life * 400 + 400}; n += 1) {
        client.record(numbered(n));
        if (n % 40 === 0) await turn();
      }
      await until(() => client.counters.spooled === 400);
      say('spooled');
      await until(() => false);`);
    await script.prints('spooled');
    await kill(script);
    ledger.sent(numberedFrom(life * 400, 400));
  }
  await stage.startDaemon();
  const { stored, duplicate, rejected, damaged } = await stage.connect().recover();
  assert.deepEqual({ stored, duplicate, rejected, damaged }, { stored: 1_200, duplicate: 0, rejected: 0, damaged: 0 });
  ledger.acked(numberedFrom(0, 1_200));
  assert.deepEqual(stage.files(), []);
  await judge(stage, ledger, range(0, 1_200));
});

test('row 42: the spool is full: the caller is told, the drop is counted, and the daemon lists exactly that', async () => {
  await using stage = new SpoolStage();
  const ledger = new Ledger();
  const client = stage.connect({ spool: { maxBytes: 64 * 1024 } });
  const refused: number[] = [];
  const taken: number[] = [];
  for (let n = 0; n < 1_500; n += 1) {
    (client.record(numbered(n)) ? taken : refused).push(n);
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // Before it was known that there is no daemon, events were in memory.
  await waitFor('the end of the turn', () => client.counters.spooled > 0);
  for (let n = 1_500; n < 2_500; n += 1) (client.record(numbered(n)) ? taken : refused).push(n);
  assert.ok(refused.length > 500);
  assert.equal(client.counters.dropped, refused.length);
  ledger.sent(numberedFrom(0, 2_500));
  await stage.startDaemon();
  await client.flush();
  ledger.acked(taken.map(numbered));
  ledger.rejected(refused.map(numbered));
  const gaps = await waitFor('the report', async () => {
    const found = await stage.gaps();
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(
    gaps.map(({ reason, producer, count, since, until }) => ({ reason, producer, count, since, until })),
    [
      {
        reason: 'spool_full',
        producer: 'test',
        count: refused.length,
        since: numbered(refused[0] ?? 0).timestamp,
        until: numbered(refused.at(-1) ?? 0).timestamp,
      },
    ],
  );
  await judge(stage, ledger, taken);
});

test('row 42: the disk under the spool is full, then has room: what was taken arrives', {
  skip: SmallDisk.skip,
}, async () => {
  using disk = await SmallDisk.mount('1m');
  await using stage = new SpoolStage();
  const ledger = new Ledger();
  const client = stage.connect({
    bufferBytes: 30_000,
    spool: { directory: join(disk.outside, 'spool') },
    onSpoolProblem: () => undefined,
  });
  const taken: number[] = [];
  const record = async (from: number, to: number) => {
    ledger.sent(numberedFrom(from, to - from));
    for (let n = from; n < to; n += 1) {
      if (client.record(numbered(n))) taken.push(n);
      else ledger.rejected([numbered(n)]);
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await record(0, 200);
  await waitFor('the spool', () => client.counters.spooled === 200);
  disk.fill();
  await record(200, 1_200);
  assert.ok(client.counters.dropped > 100 && client.counters.spoolProblems > 0);
  disk.empty();
  await waitFor('the rest to be on disk', () => client.counters.spooled === client.counters.pending);
  await record(1_200, 1_300);
  await stage.startDaemon();
  await client.flush();
  ledger.acked(taken.map(numbered));
  await waitFor('the report', async () => {
    const gaps = await stage.gaps();
    return gaps.reduce((sum, { count }) => sum + count, 0) === client.counters.dropped;
  });
  await judge(stage, ledger, taken);
});
