import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client, StoredEvent } from '../../../client/index.ts';
import { daybook, rowsOf, startDaybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, numbersOf, storedNumbers } from '../numbered-events.ts';

const numbersIn = (stdout: string) => numbersOf(rowsOf<StoredEvent>(stdout));

describe('replay', () => {
  let daemon: DaemonProcess;
  let client: Client;

  before(async () => {
    daemon = await DaemonProcess.start();
    client = daemon.connect();
    // An hour between the last two.
    await client.recordBatch([...numberedFrom(0, 3), { ...numbered(3), timestamp: 1_003_600 }].toReversed());
  });
  after(() => daemon.stop());

  test('shows events oldest first', async () => {
    const rows = await daybook(daemon.home, ['replay', '--speed', 'max', '--json']);
    assert.deepEqual([rows.exitCode, rows.stderr, numbersIn(rows.stdout)], [0, '', [0, 1, 2, 3]]);
    const some = await daybook(daemon.home, ['replay', '--speed', '100', '--since', '1000001', '--until', '1000003']);
    assert.equal(some.exitCode, 0);
    assert.match(some.stdout, /^\S+ \S+ note .*n=1\n\S+ \S+ note .*n=2\n$/);
  });

  test('interrupted in a long wait says how to go on', async () => {
    await using command = startDaybook(daemon.home, ['replay', '--json', '--speed', '5']);
    await command.prints('"n":2');
    command.process.kill('SIGINT');
    const { exitCode, stdout, stderr } = await command.ended;
    assert.deepEqual([exitCode, numbersIn(stdout)], [130, [0, 1, 2]]);
    const [, cursor = ''] = /^go on with --cursor (\S+)\n$/.exec(stderr) ?? assert.fail(stderr);
    const rest = await daybook(daemon.home, ['replay', '--json', '--cursor', cursor]);
    assert.deepEqual([rest.exitCode, numbersIn(rest.stdout)], [0, [3]]);
  });

  test('to another daemon has its receipts, and repeating it changes nothing', async () => {
    await using other = await DaemonProcess.start();
    const target = `daemon:${other.paths.socket}`;
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['replay', '--speed', 'max', '--to', target]);
    assert.deepEqual([exitCode, stdout, stderr], [0, 'stored 4, duplicate 0, rejected 0\n', '']);
    assert.deepEqual(await storedNumbers(other.connect()), countTo(4));
    await client.recordBatch([{ type: 'new', source: 's', timestamp: 7, action: '', data: { n: 4 } }]);
    const again = await daybook(daemon.home, ['replay', '--speed', 'max', '--to', target, '--json']);
    assert.deepEqual(JSON.parse(again.stdout), { stored: 1, duplicate: 4, rejected: 0, rejections: [] });
    const withoutId = ({ id: _id, ...event }: StoredEvent) => event;
    const [there, here] = await Promise.all([other.connect(), client].map((each) => Array.fromAsync(each.events())));
    assert.deepEqual(there?.map(withoutId), here?.map(withoutId));

    await using slow = startDaybook(daemon.home, ['replay', '--to', target, '--since', '1000002', '--json']);
    await waitFor('the receipt', async () => (await other.connect().stats()).total_duplicate === 5);
    slow.process.kill('SIGTERM');
    const ended = await slow.ended;
    assert.deepEqual([ended.exitCode, (JSON.parse(ended.stdout) as { duplicate: number }).duplicate], [143, 1]);
    assert.match(ended.stderr, /^go on with --cursor \S+\n$/);
  });

  test('what cannot be is refused with the reason', async () => {
    const nobody = `daemon:${join(daemon.home, 'nobody.sock')}`;
    for (const [code, ...args] of [
      [2, '--speed', '0'],
      [2, '--speed', 'fast'],
      [2, '--to', 'file'],
      [2, '--to', 'daemon:'],
      [1, '--cursor', 'x'],
      [3, '--to', nobody],
    ] as const) {
      const { exitCode, stdout, stderr } = await daybook(daemon.home, ['replay', ...args]);
      assert.deepEqual([exitCode, stdout], [code, ''], stderr);
      assert.match(stderr, /^daybook: /);
    }
  });
});
