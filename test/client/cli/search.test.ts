import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';

test('search finds, shows where, pages, and refuses what has no word', async () => {
  await using daemon = await DaemonProcess.start();
  await daemon.connect().recordBatch([
    { type: 'note', source: 's', timestamp: 1, data: { title: 'First draft', text: 'the budget report' } },
    {
      type: 'note',
      source: 's',
      timestamp: 2,
      data: { title: 'Final', text: `${'x '.repeat(200)}the Budget\u001b[31m` },
    },
    { type: 'file', source: 's', timestamp: 3, data: { path: '/tmp/budget-2026.pdf' } },
  ]);
  const run = (...args: string[]) => daybook(daemon.home, ['search', ...args]);

  const found = await run('budget', '--json');
  assert.deepEqual(
    rowsOf<{ id: number }>(found.stdout).map(({ id }) => id),
    [3, 2, 1],
  );
  const shown = (await run('the', 'budget')).stdout.trimEnd().split('\n');
  assert.equal(shown.length, 2);
  assert.match(shown[0] ?? '', /note .* s .* text=….*the Budget\\u001b\[31m$/);
  assert.match(shown[1] ?? '', /text=the budget report$/);
  assert.equal((await run('--type', 'note', '--json', '--', 'budget', '-draft')).stdout.match(/\n/g)?.length, 1);

  const first = await run('budget', '--limit', '2', '--json');
  const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1] ?? assert.fail(first.stderr);
  const rest = await run('budget', '--cursor', cursor, '--json');
  assert.deepEqual(
    rowsOf<{ id: number }>(rest.stdout).map(({ id }) => id),
    [1],
  );
  assert.equal(rest.stderr, '');
  assert.match((await run('nowhere')).stderr, /nothing found/);
  const refused = await run('%');
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.stderr, /no word/);
});
