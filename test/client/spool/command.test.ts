import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { SpoolSurvey } from '../../../client/spool/survey.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { countTo, numbered } from '../numbered-events.ts';
import { kill, SpoolStage } from './spool-stage.ts';

/** Leaves events in the spool of a process that was killed. */
async function leave(stage: SpoolStage, from: number, count: number, options = ''): Promise<void> {
  const script = stage.startScript(
    `for (let n = ${from}; n < ${from + count}; n += 1) client.record(numbered(n));
     await until(() => client.counters.pending === client.counters.spooled);
     say('spooled');
     await until(() => false);`,
    options,
  );
  await script.prints('spooled');
  await kill(script);
}

describe('daybook spool', () => {
  test('without anything says so', async () => {
    await using stage = new SpoolStage();
    const human = await daybook(stage.home.path, ['spool']);
    assert.deepEqual([human.exitCode, human.stdout, human.stderr], [0, 'nothing waits\n', '']);
    const json = await daybook(stage.home.path, ['spool', '--json', '--verify']);
    assert.deepEqual([json.exitCode, json.stdout, json.stderr], [0, '', '']);
    const drain = await daybook(stage.home.path, ['spool', 'drain']);
    assert.deepEqual([drain.exitCode, drain.stdout, drain.stderr], [0, 'nothing waits\n', '']);
  });

  test('lists each client: how much, from when, whose, and what was dropped', async () => {
    await using stage = new SpoolStage();
    await leave(stage, 0, 200);
    await leave(stage, 200, 100, "clientName: 'other one', spool: { maxBytes: 64 * 1024 }");
    const living = stage.startScript(`
      client.record(numbered(500));
      await until(() => client.counters.spooled === 1);
      say('spooled');
      await until(() => false);`);
    await living.prints('spooled');
    const { exitCode, stdout } = await daybook(stage.home.path, ['spool', '--json', '--verify']);
    assert.equal(exitCode, 0);
    const rows = rowsOf<SpoolSurvey>(stdout);
    assert.deepEqual(
      rows.map(({ client, segments, events, oldest, newest, damaged, dropped }) => {
        return { client, segments, events, oldest, newest, damaged, dropped };
      }),
      [
        {
          client: 'other one',
          segments: 1,
          events: 100,
          oldest: numbered(200).timestamp,
          newest: numbered(299).timestamp,
          damaged: 0,
          dropped: 0,
        },
        {
          client: 'test',
          segments: 2,
          events: 201,
          oldest: numbered(0).timestamp,
          newest: numbered(500).timestamp,
          damaged: 0,
          dropped: 0,
        },
      ],
    );
    const { owners = [], bytes = 0, directory } = rows[1] ?? {};
    assert.deepEqual(
      owners.toSorted((a, b) => a.events - b.events).map(({ alive, events }) => ({ alive, events })),
      [
        { alive: true, events: 1 },
        { alive: false, events: 200 },
      ],
    );
    assert.equal(owners.find(({ alive }) => alive)?.pid, living.process.pid);
    assert.ok(bytes > 200 * 60);
    assert.equal(directory, stage.spoolDirectory);

    const human = await daybook(stage.home.path, ['spool']);
    const lines = human.stdout.split('\n');
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? '', /^client +segments +events +size +oldest +newest +damaged +dropped +owner$/);
    assert.match(lines[1] ?? '', /^other one +1 +100 +\d+\.\d KiB +1970-01-12 .* 0 +0 +\d+ \(ended\)$/);
    assert.match(lines[2] ?? '', new RegExp(`^test .*\\b${living.process.pid} \\(alive\\)`));
    const column = (lines[0] ?? '').indexOf('owner');
    assert.ok(
      lines.slice(1, 3).every((line) => / \d/.test(line.slice(column - 1, column + 1))),
      human.stdout,
    );
    const elsewhere = await daybook(stage.home.path, ['spool', '--directory', join(stage.home.path, 'nowhere')]);
    assert.equal(elsewhere.stdout, 'nothing waits\n');
  });

  test('--verify exits 1 and names the segment that is damaged', async () => {
    await using stage = new SpoolStage();
    await leave(stage, 0, 100);
    const [name = ''] = stage.files('.spool');
    const path = join(stage.spoolDirectory, name);
    const bytes = readFileSync(path);
    for (const at of [1_000, 4_000]) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { exitCode, stdout, stderr } = await daybook(stage.home.path, ['spool', '--verify', '--json']);
    assert.equal(exitCode, 1);
    assert.equal(stderr, `daybook: ${path} is damaged in 2 places\n`);
    const [row] = rowsOf<SpoolSurvey>(stdout);
    assert.deepEqual([row?.events, row?.damaged], [98, 2]);
    assert.equal((await daybook(stage.home.path, ['spool'])).exitCode, 0, 'without --verify it only says so');
  });
});

describe('daybook spool drain', () => {
  test('delivers what ended processes have left, and leaves the living alone', async () => {
    await using stage = new SpoolStage();
    await leave(stage, 0, 700);
    await leave(stage, 700, 300, "clientName: 'other one'");
    await stage.startDaemon();
    const living = stage.startScript(
      `client.record(numbered(5_000));
       await until(() => client.counters.spooled === 1);
       say('spooled');
       await until(() => false);`,
      `socketPath: ${JSON.stringify(join(stage.home.path, 'nobody.sock'))}, spool: { directory: ${JSON.stringify(join(stage.spoolDirectory, '..'))} }`,
    );
    await living.prints('spooled');
    const { exitCode, stdout, stderr } = await daybook(stage.home.path, ['spool', 'drain']);
    assert.deepEqual([exitCode, stdout], [0, 'stored 1000, duplicate 0, rejected 0, damaged 0\n']);
    assert.equal(stderr, `test: 1 event is left to process ${living.process.pid}, which runs\n`);
    assert.deepEqual(new Set(await stage.stored()), new Set(countTo(1_000)));
    const rest = rowsOf<SpoolSurvey>((await daybook(stage.home.path, ['spool', '--json'])).stdout);
    assert.deepEqual(
      rest.map(({ client, events }) => [client, events]),
      [['test', 1]],
    );
    await kill(living);
    const json = await daybook(stage.home.path, ['spool', 'drain', 'test', '--json']);
    assert.deepEqual([json.exitCode, json.stderr], [0, '']);
    assert.deepEqual(JSON.parse(json.stdout), { stored: 1, duplicate: 0, rejected: 0, damaged: 0, left: 0 });
  });

  test('of one client only', async () => {
    await using stage = new SpoolStage();
    await leave(stage, 0, 10);
    await leave(stage, 10, 10, "clientName: 'other'");
    await stage.startDaemon();
    const { stdout } = await daybook(stage.home.path, ['spool', 'drain', 'other']);
    assert.equal(stdout, 'stored 10, duplicate 0, rejected 0, damaged 0\n');
    assert.deepEqual(
      await stage.stored(),
      countTo(10).map((n) => n + 10),
    );
    assert.equal((await daybook(stage.home.path, ['spool', 'drain', 'nobody'])).stdout, 'nothing waits\n');
  });

  test('exits 1 when the daemon refuses an event, or one cannot be read', async () => {
    await using stage = new SpoolStage();
    const script = stage.startScript(`
      client.record(numbered(0));
      client.record({ type: '', source: 'test' });
      client.record(numbered(1));
      process.exit(0);`);
    await script.ended;
    await stage.startDaemon();
    const { exitCode, stdout, stderr } = await daybook(stage.home.path, ['spool', 'drain']);
    assert.deepEqual([exitCode, stdout], [1, 'stored 2, duplicate 0, rejected 1, damaged 0\n']);
    assert.match(stderr, /^test: rejected: type .* \(invalid_type\)\n$/);
  });

  test('exits 3 when no daemon answers, and leaves everything as it was', async () => {
    await using stage = new SpoolStage();
    await leave(stage, 0, 10);
    const before = stage.files();
    const { exitCode, stdout, stderr } = await daybook(stage.home.path, ['spool', 'drain']);
    assert.deepEqual([exitCode, stdout], [3, '']);
    assert.match(stderr, /no daemon answers/);
    assert.deepEqual(stage.files(), before);
  });
});
