import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseFileName, segmentName } from '../../../client/spool/file-names.ts';
import { encodeRecords, seedOf } from '../../../client/spool/segment-format.ts';
import { encode } from '../../../shared/codec.ts';
import { RunningCommand } from '../../harness/command-line.ts';
import { threadStandsStillWhileThereIs } from '../../harness/daemon-faults.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';
import { endOf, kill, SpoolStage } from './spool-stage.ts';

/** Leaves `count` events in the spool of a process that was killed, in segments of 8 KiB. */
async function leave(stage: SpoolStage, from: number, count: number): Promise<void> {
  const script = stage.startScript(
    `for (let n = ${from}; n < ${from + count}; n += 1) {
       client.record(numbered(n));
       if (n % 50 === 0) await turn();
     }
     await until(() => client.counters.spooled === ${count});
     say('spooled');
     await until(() => false);`,
    'spool: { maxBytes: 64 * 1024 }',
  );
  await script.prints('spooled');
  await kill(script);
}

test('ten processes at once claim what three have left: every event is delivered by one of them, once', async (t) => {
  await using stage = new SpoolStage();
  await leave(stage, 0, 200);
  await leave(stage, 200, 200);
  await leave(stage, 400, 200);
  assert.ok(stage.files('.spool').length > 3);
  await stage.startDaemon();
  const trigger = join(stage.home.path, 'go');
  const scripts = countTo(10).map(() =>
    // The connection is under way, and has to wait like the process.
    stage.startScript(
      `const { existsSync } = await import('node:fs');
       const moment = new Int32Array(new SharedArrayBuffer(4));
       say('waiting');
       while (!existsSync(${JSON.stringify(trigger)})) Atomics.wait(moment, 0, 0, 1);
       const { stored, duplicate, rejected, damaged } = await client.recover();
       say(JSON.stringify({ stored, duplicate, rejected, damaged }));
       await client.close();`,
    ),
  );
  await Promise.all(scripts.map((script) => script.prints('waiting')));
  writeFileSync(trigger, '');
  const outcomes = await Promise.all(
    scripts.map(async (script) => JSON.parse((await endOf(script)).split('\n')[1] ?? '') as { [name: string]: number }),
  );
  t.diagnostic(JSON.stringify(outcomes.map(({ stored }) => stored)));
  const sum = (name: string) => outcomes.reduce((total, outcome) => total + (outcome[name] ?? 0), 0);
  assert.deepEqual(
    { stored: sum('stored'), duplicate: sum('duplicate'), rejected: sum('rejected'), damaged: sum('damaged') },
    { stored: 600, duplicate: 0, rejected: 0, damaged: 0 },
  );
  const stored = (await stage.stored()) as number[];
  assert.deepEqual(
    stored.toSorted((a, b) => a - b),
    countTo(600),
  );
  assert.deepEqual(await stage.gaps(), []);
  assert.deepEqual(stage.files(), []);
});

test('ten processes at once claim twenty epochs: each file has one owner', async (t) => {
  using home = temporaryHome();
  const directory = join(home.path, 'spool', 'test');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const epochs = countTo(20).map(() => randomUUID());
  for (const epoch of epochs) {
    for (const sequence of [1, 11, 21]) {
      const records = encodeRecords(sequence, [encode(numbered(sequence))], seedOf(epoch));
      writeFileSync(join(directory, segmentName(epoch, sequence, 'free')), records, { mode: 0o600 });
    }
  }
  const trigger = join(home.path, 'go');
  const end = join(home.path, 'end');
  const module = (name: string) => JSON.stringify(new URL(`../../../client/spool/${name}.ts`, import.meta.url).href);
  const script = `
    import { existsSync } from 'node:fs';
    import { claimOrphans } from ${module('orphans')};
    import { thisProcess } from ${module('owner')};
    import { SpoolDirectory } from ${module('spool-directory')};
    const directory = new SpoolDirectory(${JSON.stringify(directory)});
    const claimed = {};
    const furnish = (lane) => ({ add: ({ sequence }) => (claimed[lane.epoch] ??= []).push(sequence) });
    const me = thisProcess();
    process.stdout.write('waiting\\n');
    while (!existsSync(${JSON.stringify(trigger)}));
    claimOrphans(directory, 'test', me, furnish);
    process.stdout.write(JSON.stringify({ pid: process.pid, claimed }) + '\\n');
    // What somebody has claimed who has ended is anybody's again.
    while (!existsSync(${JSON.stringify(end)})) await new Promise((resolve) => setTimeout(resolve, 5));`;
  const racers = countTo(10).map(() => new RunningCommand(process.execPath, ['--input-type=module', '--eval', script]));
  await Promise.all(racers.map((racer) => racer.prints('waiting')));
  writeFileSync(trigger, '');
  await Promise.all(racers.map((racer) => racer.prints('}\n')));
  writeFileSync(end, '');
  const owners = new Map<string, number>();
  const counts: number[] = [];
  for (const racer of racers) {
    const { pid, claimed } = JSON.parse((await endOf(racer)).split('\n')[1] ?? '') as {
      pid: number;
      claimed: { [epoch: string]: number[] };
    };
    counts.push(Object.keys(claimed).length);
    for (const [epoch, sequences] of Object.entries(claimed)) {
      for (const sequence of sequences) {
        const file = `${epoch} ${sequence}`;
        assert.equal(owners.get(file), undefined, `${file} has two owners`);
        owners.set(file, pid);
      }
    }
  }
  t.diagnostic(`epochs of each process: ${counts.join(', ')}`);
  assert.equal(owners.size, 60, 'each file has an owner');
  for (const name of readdirSync(directory)) {
    const file = parseFileName(name);
    assert.ok(file !== undefined && file.owner !== 'free');
    assert.equal(owners.get(`${file.epoch} ${file.sequence}`), file.owner.pid);
  }
});

test('a process that is killed while it delivers what it has claimed is inherited itself', async () => {
  await using stage = new SpoolStage();
  await leave(stage, 0, 500);
  const still = join(stage.home.path, 'still');
  writeFileSync(still, '');
  // It greets, and gives no receipts.
  await stage.startDaemon({ nodeArguments: threadStandsStillWhileThereIs(still, 'writer') });
  const heir = stage.startScript(`
    await client.ready();
    say('claimed');
    await until(() => false);`);
  await heir.prints('claimed');
  const claimedBy = (pid: number | undefined) => (name: string) => name.includes(`.${pid}-`);
  assert.ok(stage.files('.spool').every(claimedBy(heir.process.pid)));
  await kill(heir);
  const client = stage.connect();
  const recovered = client.recover();
  await waitFor('the next claim', () => stage.files('.spool').every(claimedBy(process.pid)));
  rmSync(still);
  const { stored, duplicate, rejected, damaged } = await recovered;
  assert.deepEqual([stored + duplicate, rejected, damaged], [500, 0, 0]);
  assert.deepEqual(await stage.stored(), countTo(500));
  assert.deepEqual(stage.files(), []);
});

test('what one client of a process has left when it was closed, another one delivers', async () => {
  await using stage = new SpoolStage();
  const closed = stage.connect();
  for (const event of numberedFrom(0, 100)) closed.record(event);
  await closed.close({ timeoutMs: 20 });
  assert.deepEqual([closed.counters.pending, closed.counters.spooled], [100, 100]);
  assert.ok(stage.files().every((name) => name.includes('.free.')));
  await stage.startDaemon();
  const client = stage.connect();
  assert.equal((await client.recover()).stored, 100);
  assert.deepEqual(await stage.stored(), countTo(100));
});

test('what another client of the same process still uses is left alone', async () => {
  await using stage = new SpoolStage();
  const { socket } = stage.paths;
  const using = stage.connect({
    socketPath: join(stage.home.path, 'nobody'),
    spool: { directory: join(socket, '../spool') },
  });
  using.record(numbered(0));
  await waitFor('the spool', () => using.counters.spooled === 1);
  await stage.startDaemon();
  const client = stage.connect();
  assert.equal((await client.recover()).stored, 0);
  const [name = ''] = stage.files();
  assert.ok(existsSync(join(stage.spoolDirectory, name)));
  assert.ok(readFileSync(join(stage.spoolDirectory, name)).includes('count'));
});
