import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { openLog } from '../../../daemon/lifecycle/log.ts';
import { limits } from '../../../shared/limits.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybook, rowsOf, startDaybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

describe('daybook logs', () => {
  test('shows what a daemon said, from a time on, and never an event; an empty home has none', async () => {
    using empty = temporaryHome();
    const none = await daybook(empty.path, ['logs']);
    assert.deepEqual([none.exitCode, none.stdout], [1, '']);
    assert.match(none.stderr, /there is no log yet at .*daybook\.log/);

    await using daemon = await DaemonProcess.start({ config: { log_level: 'debug' } });
    const client = daemon.connect({ spool: false });
    await client.recordBatch([{ type: 'secret', source: 'secret', data: { secret: true } }]);
    await client.close();
    appendFileSync(daemon.paths.log, 'secret\n');
    const text = await daybook(daemon.home, ['logs']);
    assert.equal(text.exitCode, 0, text.stderr);
    assert.match(text.stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} info {2}ready pid=\d+ version=/m);
    assert.match(text.stdout, /^\(6 bytes that the daemon has not written\)$/m);
    assert.doesNotMatch(text.stdout, /secret/);

    const lines = rowsOf<{ msg: string }>((await daybook(daemon.home, ['logs', '--json', '--since', '1h'])).stdout);
    assert.ok(lines.some(({ msg }) => msg === 'ready'));
    const ahead = String(Date.now() / 1000 + 60);
    assert.equal((await daybook(daemon.home, ['logs', '--since', ahead])).stdout, '');
    assert.equal((await daybook(daemon.home, ['logs', '-n', '2'])).stdout.split('\n').length, 3);
    for (const wrong of [['--since', 'blue'], ['-n', '-1'], ['-n', 'x'], ['extra']]) {
      assert.equal((await daybook(daemon.home, ['logs', ...wrong])).exitCode, 2, wrong.join(' '));
    }
  });

  test('-f goes on through rotations, each line once and in order, and ends with Ctrl-C', async () => {
    using home = temporaryHome();
    const { log: path } = daybookPaths({ DAYBOOK_HOME: home.path });
    mkdirSync(dirname(path), { recursive: true });
    const log = openLog(path, 'info');
    log.logger.info({ n: 0 }, 'entry 0');
    await using follower = startDaybook(home.path, ['logs', '-f', '--json']);
    await follower.prints('"n":0,');

    const filler = 'x'.repeat(128 * 1024);
    const rotations = 3;
    const count = Math.ceil((rotations * limits.logFileBytes) / filler.length) + 5;
    for (let n = 1; n <= count; n += 1) {
      // Twice, so that some are written while others are read; never so far ahead that what is kept is not enough.
      log.logger.info({ n, filler }, `entry ${n}`);
      if (n % 20 === 0) await follower.prints(`"n":${n - 10},`);
    }
    await follower.prints(`"n":${count},`);
    truncateSync(path, 0);
    log.reopen();
    log.logger.info({ n: count + 1 }, 'after it was emptied');
    await follower.prints(`"n":${count + 1},`);
    log.close();

    follower.process.kill('SIGINT');
    const { exitCode, stdout, stderr } = await follower.ended;
    assert.deepEqual([exitCode, stderr], [0, '']);
    const numbers = rowsOf<{ n: number }>(stdout).map(({ n }) => n);
    assert.deepEqual(
      numbers,
      Array.from({ length: count + 2 }, (_, n) => n),
    );
  });

  test('-f waits for a log that is not there yet', async () => {
    using home = temporaryHome();
    const { log: path } = daybookPaths({ DAYBOOK_HOME: home.path });
    mkdirSync(dirname(path), { recursive: true });
    await using follower = startDaybook(home.path, ['logs', '-f']);
    let log: ReturnType<typeof openLog> | undefined;
    await waitFor('the first entry', () => {
      log ??= openLog(path, 'info');
      log.logger.info('here');
      return follower.stdout.includes('here');
    });
    log?.close();
  });
});
