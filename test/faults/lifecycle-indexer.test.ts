import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isRunning } from '../../shared/is-running.ts';
import { minutePassesIn } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { indexedTo } from '../harness/indexed-to.ts';
import { waitFor } from '../harness/wait-for.ts';

/** More than the index waits for. */
const EVENTS = 1_200;
const DISABLED = 'events are not indexed for now';

const events = (first: number) =>
  Array.from({ length: EVENTS }, (_, n) => ({
    type: 't',
    source: 's',
    timestamp: first + n,
    data: { text: 'needle' },
  }));

/** The process that indexes for a daemon, once it does. */
function indexerOf(daemon: DaemonProcess): Promise<number> {
  return waitFor('the process that indexes', () => {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
    const row = stdout.split('\n').find((line) => {
      const [, parent] = line.trim().split(/\s+/);
      return Number(parent) === daemon.process.pid && line.includes('indexer-process');
    });
    return row === undefined ? undefined : Number.parseInt(row, 10);
  });
}

const logged = (daemon: DaemonProcess) => readFileSync(daemon.paths.log, 'utf8').split(DISABLED).length - 1;

describe('the process that indexes', () => {
  test('row 51: killed: said once, everything is found, and another goes on', async () => {
    await using daemon = await DaemonProcess.start({ nodeArguments: minutePassesIn(100) });
    const client = daemon.connect();
    await client.recordBatch(events(1));
    process.kill(await indexerOf(daemon), 'SIGKILL');
    await waitFor('the warning', () => logged(daemon) === 1);
    assert.match(readFileSync(daemon.paths.log, 'utf8'), /SIGKILL/);
    assert.equal((await client.recordBatch(events(10_000))).stored, EVENTS);
    await waitFor('the index', () => indexedTo(daemon.paths.database) === 2 * EVENTS);
    assert.equal((await client.searchPage({ query: 'needle', limit: 1_000 })).events.length, 1_000);
    assert.equal(logged(daemon), 1);
    assert.equal((await daemon.stop()).exitCode, 0);
  });

  test('a signal to the whole group is the daemon’s: both end, in order', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(events(1));
    const pid = await indexerOf(daemon);
    await waitFor('the index', () => indexedTo(daemon.paths.database) === EVENTS);
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    assert.equal((await daemon.stop()).exitCode, 0);
    assert.equal(isRunning(pid), false);
  });

  test('does not outlive a daemon that is killed, and the next indexes what is left', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect({ reconnect: false }).recordBatch(events(1));
    const pid = await indexerOf(daemon);
    await daemon.kill('SIGKILL');
    await waitFor('its end', () => !isRunning(pid));
    await using next = await DaemonProcess.start({ home: daemon.home });
    await waitFor('the index', () => indexedTo(next.paths.database) === EVENTS);
    const { events: found } = await next.connect().searchPage({ query: 'needle', limit: 1_000 });
    assert.equal(found.length, 1_000);
  });

  test('is given nothing of the environment but what it goes by', async (t) => {
    if (!existsSync('/proc/self/environ')) return t.skip('no /proc here');
    await using daemon = await DaemonProcess.start({ environment: { A_SECRET_OF_MINE: 'x' } });
    await daemon.connect().recordBatch(events(1));
    const variables = readFileSync(`/proc/${await indexerOf(daemon)}/environ`, 'utf8');
    assert.match(variables, /SQLITE_TMPDIR=/);
    assert.doesNotMatch(variables, /A_SECRET_OF_MINE|HOME=/);
  });
});
