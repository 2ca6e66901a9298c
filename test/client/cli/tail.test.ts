import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredEvent } from '../../../client/index.ts';
import { daybook, rowsOf, startDaybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numberedFrom, numbersOf } from '../numbered-events.ts';

const numbersIn = (stdout: string) => numbersOf(rowsOf<StoredEvent>(stdout));

describe('tail', () => {
  test('shows the newest, oldest of them first', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 15));
    assert.deepEqual(numbersIn((await daybook(daemon.home, ['tail', '--json'])).stdout), countTo(15).slice(5));
    assert.deepEqual(numbersIn((await daybook(daemon.home, ['tail', '-n', '2', '--json'])).stdout), [13, 14]);
    const none = await daybook(daemon.home, ['tail', '-n', '0', '--json']);
    assert.deepEqual([none.exitCode, none.stdout], [0, '']);
    assert.match((await daybook(daemon.home, ['tail', '-n', '1'])).stdout, /^\S+ \S+ note +count +test +n=14\n$/);
  });

  test('shows all since a time, and with -f goes on from there', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 15));
    const since = ['--since', '1000002', '--json'];
    assert.deepEqual(numbersIn((await daybook(daemon.home, ['tail', ...since])).stdout), countTo(15).slice(2));
    assert.deepEqual(numbersIn((await daybook(daemon.home, ['tail', '-n', '3', ...since])).stdout), [12, 13, 14]);
    await using command = startDaybook(daemon.home, ['tail', '-f', ...since]);
    await command.prints('"n":14');
    await client.recordBatch(numberedFrom(15, 1));
    await command.prints('"n":15');
    command.process.kill('SIGINT');
    assert.deepEqual(numbersIn((await command.ended).stdout), countTo(16).slice(2));
  });

  test('goes on behind an event, and under a name behind what was written out', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 15));
    const run = (...args: string[]) => daybook(daemon.home, ['tail', '--json', ...args]);
    assert.deepEqual(numbersIn((await run('--after', '12')).stdout), [12, 13, 14]);
    assert.equal((await run('--after', 'x')).exitCode, 2);
    assert.equal((await run('--cursor-name', 'i', '-n', '3')).exitCode, 2);

    assert.deepEqual(numbersIn((await run('--cursor-name', 'indexer', '--after', '10')).stdout), [10, 11, 12, 13, 14]);
    await client.recordBatch(numberedFrom(15, 2));
    await using command = startDaybook(daemon.home, ['tail', '-f', '--json', '--cursor-name', 'indexer']);
    await command.prints('"n":16');
    const refused = await run('--cursor-name', 'indexer');
    assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
    assert.match(refused.stderr, /"indexer" is followed by "daybook" \(pid \d+\) already/);
    assert.match((await daybook(daemon.home, ['cursors'])).stdout, /^indexer +\d+ +\d+ +\S+ \S+ +yes$/m);
    command.process.kill('SIGTERM');
    const { exitCode, stdout } = await command.ended;
    assert.deepEqual([exitCode, numbersIn(stdout)], [0, [15, 16]]);
    const [cursor] = rowsOf<object>((await daybook(daemon.home, ['cursors', '--json'])).stdout);
    assert.partialDeepStrictEqual(cursor, { name: 'indexer', id: 17, inUse: false });
    assert.equal((await run('--cursor-name', 'indexer')).stdout, '');

    assert.equal((await daybook(daemon.home, ['cursors', 'delete', 'indexer'])).exitCode, 0);
    assert.equal((await daybook(daemon.home, ['cursors', 'delete', 'indexer'])).exitCode, 1);
    assert.equal((await daybook(daemon.home, ['cursors'])).stdout, 'there are no cursors\n');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`-f follows until ${signal}, then exits 0`, async () => {
      await using daemon = await DaemonProcess.start();
      const client = daemon.connect();
      await client.recordBatch(numberedFrom(0, 3));
      await using command = startDaybook(daemon.home, ['tail', '-f', '-n', '2', '--json']);
      await waitFor('the newest', () => command.stdout.includes('"n":2') || command.stderr !== '');
      assert.equal(command.stderr, '');
      await client.recordBatch(numberedFrom(3, 2));
      await command.prints('"n":4');
      command.process.kill(signal);
      const { exitCode, stdout, stderr } = await command.ended;
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.deepEqual(numbersIn(stdout), [1, 2, 3, 4]);
      await waitFor('no tail', async () => (await client.status()).tails === 0);
    });
  }

  test('-f with filters, across kill -9 and restart of the daemon', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await using command = startDaybook(daemon.home, ['tail', '-f', '--type', 'note', '--json']);
    await waitFor('the tail', async () => (await client.status()).tails === 1);
    await client.recordBatch([{ type: 'other', source: 's' }, ...numberedFrom(0, 2)]);
    await command.prints('"n":1');
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    await client.recordBatch(numberedFrom(2, 2));
    await command.prints('"n":3');
    command.process.kill('SIGINT');
    const { exitCode, stdout } = await command.ended;
    assert.equal(exitCode, 0);
    assert.deepEqual(numbersIn(stdout), [0, 1, 2, 3]);
    await client.close();
    await again.stop();
  });

  test('-f ends at Ctrl-C though the daemon is gone', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await using command = startDaybook(daemon.home, ['tail', '-f']);
    await waitFor('the tail', async () => (await client.status()).tails === 1);
    await client.close();
    await daemon.kill('SIGKILL');
    command.process.kill('SIGINT');
    const { exitCode } = await command.ended;
    assert.equal(exitCode, 0);
  });

  test('-f with a filter the daemon refuses fails instead of waiting', async () => {
    await using daemon = await DaemonProcess.start();
    const types = Array.from({ length: 65 }, (_, n) => ['--type', `t${n}`]).flat();
    await using command = startDaybook(daemon.home, ['tail', '-f', ...types]);
    await waitFor('the end', () => command.process.exitCode !== null);
    const { exitCode, stderr } = await command.ended;
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /^daybook: .*64/);
  });
});
