import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { startClientScript } from '../../harness/client-script.ts';
import { skipWithout } from '../../harness/program.ts';
import { RunningCommand } from '../../harness/command-line.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';
import { refusal } from '../refusal.ts';
import { SpoolStage } from './spool-stage.ts';

const root = (stage: SpoolStage) => dirname(stage.spoolDirectory);

describe('a place that is not ours alone is not used, and that is said', () => {
  const places: [name: string, make: (stage: SpoolStage) => void, said: string][] = [
    [
      'open to others',
      (stage) => {
        mkdirSync(root(stage), { recursive: true, mode: 0o700 });
        chmodSync(root(stage), 0o755);
      },
      'chmod 700',
    ],
    [
      'a directory of the client open to others',
      (stage) => {
        mkdirSync(stage.spoolDirectory, { recursive: true, mode: 0o700 });
        chmodSync(stage.spoolDirectory, 0o770);
      },
      'chmod 700',
    ],
    [
      'a link',
      (stage) => {
        const elsewhere = join(stage.home.path, 'elsewhere');
        mkdirSync(elsewhere, { mode: 0o700 });
        mkdirSync(dirname(root(stage)), { recursive: true, mode: 0o700 });
        symlinkSync(elsewhere, root(stage));
      },
      'not a link',
    ],
    [
      'a file',
      (stage) => {
        mkdirSync(dirname(root(stage)), { recursive: true, mode: 0o700 });
        writeFileSync(root(stage), '');
      },
      '',
    ],
  ];
  for (const [name, make, said] of places) {
    test(name, async () => {
      await using stage = new SpoolStage();
      make(stage);
      const problems: unknown[] = [];
      const client = stage.connect({ bufferBytes: 1_000, onSpoolProblem: (error) => problems.push(error) });
      const taken: number[] = [];
      for (let n = 0; n < 100; n += 1) {
        if (client.record(numbered(n))) taken.push(n);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(taken.length > 5 && taken.length < 50, 'the buffer is as bounded as ever');
      assert.ok(problems.length > 0 && client.counters.spoolProblems === problems.length);
      assert.ok(String(problems[0]).includes(said), String(problems[0]));
      assert.deepEqual([client.counters.spooled, client.counters.dropped], [0, 100 - taken.length]);
      assert.deepEqual(
        existsSync(join(stage.home.path, 'elsewhere')) ? readdirSync(join(stage.home.path, 'elsewhere')) : [],
        [],
      );
      await stage.startDaemon();
      await client.flush();
      assert.deepEqual(await stage.stored(), taken);
    });
  }

  test('somebody else’s', { skip: process.getuid?.() !== 0 && 'only root can give a directory away' }, async () => {
    await using stage = new SpoolStage();
    mkdirSync(root(stage), { recursive: true, mode: 0o700 });
    const { chownSync } = await import('node:fs');
    chownSync(root(stage), 65_534, 65_534);
    const problems: unknown[] = [];
    const client = stage.connect({ onSpoolProblem: (error) => problems.push(error) });
    client.record(numbered(0));
    await waitFor('it to be said', () => problems.length > 0);
    refusal('unsafe_path', 'belongs to user 65534')(problems[0]);
    await assert.rejects(client.close({ timeoutMs: 10 }), refusal('undelivered', ': 1'));
  });

  test('nowhere to write', { skip: skipWithout('setpriv') }, async () => {
    await using stage = new SpoolStage();
    chmodSync(stage.home.path, 0o755);
    mkdirSync(dirname(root(stage)), { mode: 0o755 });
    const client = new URL('../../../client/index.ts', import.meta.url).href;
    const script = `
      import { connect } from ${JSON.stringify(client)};
      const client = connect({ socketPath: ${JSON.stringify(stage.paths.socket)}, clientName: 'test' });
      client.record({ type: 'a', source: 'test', timestamp: 1 });
      await client.close({ timeoutMs: 100 }).catch((error) => process.stdout.write(error.code));`;
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const node = [process.execPath, '--input-type=module', '--eval', script];
    await using running = new RunningCommand('setpriv', [...nobody, ...node]);
    const { exitCode, stdout, stderr } = await running.ended;
    assert.deepEqual([exitCode, stdout], [0, 'undelivered']);
    assert.match(stderr, /DaybookWarning: events cannot be kept on disk: .*EACCES/);
  });
});

test('files are for this user only, and the directory goes when it is empty', async () => {
  await using stage = new SpoolStage();
  const client = stage.connect();
  client.record(numbered(0));
  await waitFor('the spool', () => client.counters.spooled === 1);
  const modes = [root(stage), stage.spoolDirectory, ...stage.files().map((name) => join(stage.spoolDirectory, name))];
  assert.deepEqual(
    modes.map((path) => lstatSync(path).mode & 0o777),
    [0o700, 0o700, 0o600],
  );
  await stage.startDaemon();
  await client.close();
  assert.deepEqual(readdirSync(root(stage)), []);
});

test('a spool that somebody deletes costs what was in it, counted and reported, and nothing else', async () => {
  await using stage = new SpoolStage();
  const client = stage.connect({ onSpoolProblem: () => undefined });
  for (const event of numberedFrom(0, 100)) client.record(event);
  await waitFor('the spool', () => client.counters.spooled === 100);
  rmSync(root(stage), { recursive: true });
  await stage.startDaemon();
  await client.flush();
  for (const event of numberedFrom(100, 100)) client.record(event);
  await client.flush();
  // What was under way when the connection failed is in memory as well.
  const stored = (await stage.stored()) as number[];
  assert.deepEqual(
    stored.slice(-100),
    countTo(100).map((n) => n + 100),
  );
  assert.equal(stored.length + client.counters.damaged, 200);
  await waitFor('the report', async () => {
    const gaps = await stage.gaps();
    return gaps.reduce((sum, { count }) => sum + count, 0) === client.counters.damaged;
  });
});

test('a process that cannot use its spool says so once', async () => {
  await using stage = new SpoolStage();
  mkdirSync(root(stage), { recursive: true, mode: 0o700 });
  chmodSync(root(stage), 0o755);
  await using script = startClientScript(
    stage.paths.socket,
    `const client = connect({ socketPath });
     for (let n = 0; n < 50; n += 1) {
       client.record({ type: 'a', source: 'test' });
       await new Promise((resolve) => setImmediate(resolve));
     }
     await client.close({ timeoutMs: 50 }).catch((error) => say(error.code));`,
  );
  const { stdout, stderr } = await script.ended;
  assert.equal(stdout, 'undelivered\n');
  assert.equal(stderr.match(/DaybookWarning/g)?.length, 1, stderr);
});
