/**
 * A tail that cannot lie: three consumers follow a daemon that records at a steady rate. One is stopped with SIGSTOP for a
 * while, one is killed and goes on under its name, and the daemon is killed once and stopped once. Each must have seen
 * every event at least once, in order, with no hole. Prints totals as one JSON map; exits 1 when one has not.
 * `node test/soak/tail.ts [--rate EVENTS_PER_SECOND] [--stop SECONDS]`
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { Follower } from '../harness/follower.ts';
import { waitFor } from '../harness/wait-for.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '5000' }, stop: { type: 'string', default: '60' } },
});
const rate = Number(values.rate);
const stopSeconds = Number(values.stop);
const TICK_MS = 20;
/** Events that have no receipt yet: while the daemon is away the recorder waits. */
const MAX_OPEN = 20_000;

const first = await DaemonProcess.start();
const { home } = first;
let daemon = first;
let peakMiB = 0;
const say = (what: string) => process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s: ${what}\n`);
const started = performance.now();

const stopped = new Follower('stopped', home, ['--after', '0']);
const killed = new Follower('killed', home, ['--cursor-name', 'killed']);
const undisturbed = new Follower('undisturbed', home, ['--cursor-name', 'undisturbed']);
const followers = [stopped, killed, undisturbed];
for (const follower of followers) follower.start();

const client = connect({ socketPath: first.paths.socket, spool: false });
let count = 0;
let acknowledged = 0;
let failures = 0;
const recording = setInterval(() => {
  const due = Math.floor(((performance.now() - recordingSince) / 1000) * rate) - count;
  if (count - acknowledged > MAX_OPEN) recordingSince += TICK_MS;
  else if (due > 0) {
    const events = Array.from({ length: due }, () => ({
      type: 'soak',
      source: 'tail',
      timestamp: 1_700_000_000 + count / 1000,
      data: { n: count++, text: 'some text that an event may have, such as /home/somebody/Documents/report.pdf' },
    }));
    client.recordBatch(events).then(
      ({ stored, duplicate }) => (acknowledged += stored + duplicate),
      () => (failures += 1),
    );
  }
  peakMiB = Math.max(peakMiB, residentMiB(daemon.process.pid));
}, TICK_MS);
let recordingSince = performance.now();

const restart = async (signal: NodeJS.Signals) => {
  say(`the daemon gets ${signal}`);
  const next = daemon.kill(signal).then(() => DaemonProcess.start({ home }));
  daemon = await next;
};

await waitFor('the consumers', () => followers.every(({ seen }) => seen > 0));
await pause(5_000);
say('one consumer is stopped');
stopped.signal('SIGSTOP');
await pause((stopSeconds * 1000) / 4);
await restart('SIGKILL');
await pause((stopSeconds * 1000) / 4);
say('one consumer is killed');
await killed.end('SIGKILL');
await pause(5_000);
killed.start();
await pause((stopSeconds * 1000) / 2 - 5_000);
say(`the stopped one goes on, ${count - stopped.seen} events behind`);
stopped.signal('SIGCONT');
await restart('SIGTERM');
await pause(5_000);
clearInterval(recording);
say('nothing more is recorded');
await waitFor('the receipts', () => acknowledged + failures >= count, 60_000);
const isOver = () => followers.every(({ seen, problems }) => seen >= count || problems.length > 0);
const isComplete = await waitFor('the consumers', isOver, 120_000).catch(() => false);
for (const follower of followers) await follower.end('SIGTERM');
const { last_id: lastId } = await client.status();
await client.close();
await daemon.stop();
await first.stop();

const totals = {
  recorded: count,
  seconds: Math.round((performance.now() - started) / 1000),
  stored: lastId,
  failedRequests: failures,
  daemonPeakMiB: peakMiB,
  consumers: followers.map(({ name, seen, repeated, lives, problems }) => ({ name, seen, repeated, lives, problems })),
};
process.stdout.write(`${JSON.stringify(totals, null, 2)}\n`);
const isTrue = followers.every(({ seen, problems }) => seen === count && problems.length === 0);
process.exitCode = isComplete && isTrue && lastId === count && failures === 0 ? 0 : 1;

/** Linux only; 0 elsewhere, and for a process that is gone. */
function residentMiB(pid: number | undefined): number {
  try {
    const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}
