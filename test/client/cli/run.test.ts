import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { daybook, startDaybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

describe('run', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`shows what happens to files, and keeps it; ${signal} ends everything with exit 0`, async () => {
      using home = temporaryHome();
      using watched = temporaryHome();
      await using command = startDaybook(home.path, ['run', watched.path, '--ignore', 'left-out']);
      await command.prints(`watching ${watched.path}`);
      writeFileSync(join(watched.path, 'left-out'), 'x');
      writeFileSync(join(watched.path, 'note.txt'), 'x');
      await command.prints('note.txt');
      command.process.kill(signal);
      const { exitCode, stdout, stderr } = await command.ended;
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, /\d+ events? stored\n$/);
      assert.ok(!stdout.includes('left-out'));
      assert.equal((await daybook(home.path, ['status'])).exitCode, 3, 'the daemon is gone too');
      await using daemon = await DaemonProcess.start({ home: home.path });
      const client = daemon.connect();
      const events = await Array.fromAsync(client.events());
      assert.ok(events.some(({ data }) => JSON.stringify(data).includes('note.txt')));
      assert.equal(Number(/(\d+) events? stored\n$/.exec(stdout)?.[1]), events.length);
      await client.close();
    });
  }

  test('beside a daemon that runs already fails, and says which', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stderr } = await daybook(daemon.home, ['run', daemon.home]);
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`already running \\(pid ${daemon.process.pid}\\)`));
    assert.equal((await daemon.connect().status()).state, 'running');
  });

  test('of a directory that is not there fails, and leaves no daemon behind', async () => {
    using home = temporaryHome();
    const missing = join(home.path, 'missing');
    await using command = startDaybook(home.path, ['run', missing]);
    await command.prints('is ready');
    const daemonPid = Number(/pid (\d+)/.exec(command.stdout)?.[1]);
    try {
      await waitFor('the end', () => command.process.exitCode !== null);
      const { exitCode, stderr } = await command.ended;
      assert.equal(exitCode, 1);
      assert.ok(stderr.includes(missing), stderr);
      await waitFor('the end of the daemon', () => !isAlive(daemonPid));
    } finally {
      if (isAlive(daemonPid)) process.kill(daemonPid, 'SIGKILL');
    }
    const again = await DaemonProcess.start({ home: home.path });
    await again.stop();
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('capture files records through a daemon until Ctrl-C, and counts', async () => {
  await using daemon = await DaemonProcess.start();
  const watched = join(daemon.home, 'watched');
  mkdirSync(watched);
  await using command = startDaybook(daemon.home, ['capture', 'files', watched]);
  await command.prints(`watching ${watched}; Ctrl-C ends\n`);
  writeFileSync(join(watched, 'note.txt'), 'x');
  const client = daemon.connect();
  const { value } = await client.tail({ after: { databaseId: (await client.ready()).databaseId, id: 0 } }).next();
  assert.ok(JSON.stringify(value).includes('note.txt'));
  command.process.kill('SIGINT');
  const { exitCode, stdout, stderr } = await command.ended;
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.match(stdout, /recorded (\d+): stored \1, duplicate 0, rejected 0, dropped 0\n$/);
});
