import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { Follower } from '../harness/follower.ts';
import { waitFor } from '../harness/wait-for.ts';

test('three consumers, one stopped, one killed, the daemon restarted twice: each sees every event in order', async () => {
  await using first = await DaemonProcess.start();
  const { home } = first;
  let daemon = first;
  const stopped = new Follower('stopped', home, ['--after', '0']);
  const killed = new Follower('killed', home, ['--cursor-name', 'killed']);
  const quiet = new Follower('quiet', home, ['--cursor-name', 'quiet']);
  const followers = [stopped, killed, quiet];
  await using client = connect({ socketPath: first.paths.socket, spool: false });
  let count = 0;
  const record = async (batches: number) => {
    for (let batch = 0; batch < batches; batch += 1) {
      const from = count;
      count += 100;
      await client.recordBatch(
        Array.from({ length: 100 }, (_, n) => ({ type: 'n', source: 't', timestamp: from + n, data: { n: from + n } })),
      );
    }
  };
  const restart = async (signal: NodeJS.Signals) => {
    await daemon.kill(signal);
    daemon = await DaemonProcess.start({ home });
  };
  try {
    for (const follower of followers) follower.start();
    await record(5);
    await waitFor('the first', () => followers.every(({ seen }) => seen > 0));
    stopped.signal('SIGSTOP');
    await record(20);
    await restart('SIGKILL');
    await record(20);
    await waitFor('some more', () => killed.seen > 1_000);
    await killed.end('SIGKILL');
    await record(10);
    const before = killed.seen;
    killed.start();
    await waitFor('more of the killed one', () => killed.seen > before);
    await restart('SIGTERM');
    stopped.signal('SIGCONT');
    await record(10);
    await waitFor('all', () => followers.every(({ seen, problems }) => seen === count || problems.length > 0), 60_000);
    for (const follower of followers) {
      await follower.end('SIGTERM');
      assert.deepEqual([follower.name, follower.seen, follower.problems], [follower.name, count, []]);
    }
  } finally {
    for (const follower of followers) await follower.end('SIGKILL');
    await daemon.stop();
  }
});
