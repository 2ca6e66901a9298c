import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SpoolSurvey } from '../../../client/spool/survey.ts';
import { daybook, rowsOf, startDaybook } from '../../harness/command-line.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { SpoolStage } from './spool-stage.ts';

const spooled = async (home: string) =>
  rowsOf<SpoolSurvey>((await daybook(home, ['spool', '--json'])).stdout).map(({ client, events }) => [client, events]);

test('capture files ends promptly while the daemon is away, and the next one delivers what waited', async () => {
  await using stage = new SpoolStage();
  const directory = join(stage.home.path, 'watched');
  mkdirSync(directory);
  const daemon = await stage.startDaemon();
  await using capture = startDaybook(stage.home.path, ['capture', 'files', directory]);
  await capture.prints('Ctrl-C ends');
  await daemon.kill('SIGKILL');
  writeFileSync(join(directory, 'one.txt'), 'one');
  await waitFor('the event in the spool', async () => {
    const [[client, events] = []] = await spooled(stage.home.path);
    return client === 'capture-files' && events === 1;
  });
  const startedMs = performance.now();
  capture.process.kill('SIGINT');
  const { exitCode, stdout, stderr } = await capture.ended;
  assert.ok(performance.now() - startedMs < 4_000);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.match(stdout, /recorded 1: stored 0, duplicate 0, rejected 0, dropped 0; 1 waits in the spool\n$/);

  await stage.startDaemon();
  await using next = startDaybook(stage.home.path, ['capture', 'files', directory]);
  await next.prints('Ctrl-C ends');
  await waitFor('the event', async () => {
    const { stdout: listed } = await daybook(stage.home.path, ['list', '--json']);
    return listed.includes('one.txt');
  });
  next.process.kill('SIGINT');
  assert.equal((await next.ended).exitCode, 0);
  assert.deepEqual(await spooled(stage.home.path), []);
});
