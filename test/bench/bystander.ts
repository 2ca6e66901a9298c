/**
 * What a client that misbehaves costs another one: the time from `recordBatch()` of one event to its receipt, quiet and
 * under each misbehaviour, on the same daemon one after the other. `--json` for programs.
 */
import { parseArgs } from 'node:util';
import type { Client } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { HostileProcess, misbehaviours } from '../harness/hostile-process.ts';
import { RunningCommand } from '../harness/command-line.ts';
import { corpus } from './corpus.ts';
import { median, percentile } from './statistics.ts';

const { values } = parseArgs({
  options: {
    receipts: { type: 'string', default: '400' },
    // What hurts this much is not waited for: fewer receipts are measured then, and the last may be unfinished.
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const receipts = Number(values.receipts);
const rounds = Number(values.rounds);

interface Figures {
  quietP50: number;
  quietP99: number;
  p50: number;
  p99: number;
  max: number;
  receipts: number;
}

/** Costs the machine a core and the daemon nothing: what the ratios of this one show is not the daemon's doing. */
const CONTROL = 'a process that only computes';
const trials = [CONTROL, ...Object.keys(misbehaviours)].filter((what) => what.includes(values.only));
const results = new Map<string, Figures[]>();
for (let round = 1; round <= rounds; round += 1) {
  for (const what of trials) {
    results.set(what, [...(results.get(what) ?? []), await trial(what)]);
    if (!values.json) process.stderr.write(`round ${round}/${rounds} ${what}\n`);
  }
}

const summary = [...results].map(([misbehaviour, all]) => {
  const middle = (figure: (figures: Figures) => number) => median(all.map(figure));
  return {
    misbehaviour,
    quietP50Ms: middle(({ quietP50 }) => quietP50),
    p50Ms: middle(({ p50 }) => p50),
    ratioP50: middle(({ quietP50, p50 }) => p50 / quietP50),
    quietP99Ms: middle(({ quietP99 }) => quietP99),
    p99Ms: middle(({ p99 }) => p99),
    ratioP99: middle(({ quietP99, p99 }) => p99 / quietP99),
    maxMs: Math.max(...all.map(({ max }) => max)),
    receipts: middle((figures) => figures.receipts),
  };
});
if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
else {
  const columns = ['quietP50Ms', 'p50Ms', 'ratioP50', 'quietP99Ms', 'p99Ms', 'ratioP99', 'maxMs', 'receipts'] as const;
  process.stdout.write(`${'misbehaviour'.padEnd(30)}${columns.map((name) => name.padStart(12)).join('')}\n`);
  for (const row of summary) {
    const cells = columns.map((name) => row[name].toFixed(name === 'receipts' ? 0 : 2).padStart(12));
    process.stdout.write(`${row.misbehaviour.padEnd(30)}${cells.join('')}\n`);
  }
}

async function trial(what: string): Promise<Figures> {
  await using daemon = await DaemonProcess.start({ config: { log_level: 'warn' } });
  const client = daemon.connect();
  const history = [...corpus(20_000, 1)];
  for (let from = 0; from < history.length; from += 2_000) await client.recordBatch(history.slice(from, from + 2_000));
  await latencies(client, 300);
  const quiet = await latencies(client, receipts);
  await using hostile =
    what === CONTROL
      ? new RunningCommand(process.execPath, ['--eval', "console.log('under way'); for (;;);"])
      : new HostileProcess(daemon.paths.socket, what);
  await hostile.prints('under way');
  const disturbed = await latencies(client, receipts);
  if (hostile.process.exitCode !== null) throw new Error(`${what}: it gave up: ${hostile.stderr}`);
  if (daemon.process.exitCode !== null) throw new Error(`${what}: the daemon ended`);
  await daemon.kill('SIGKILL');
  return {
    quietP50: percentile(quiet, 0.5),
    quietP99: percentile(quiet, 0.99),
    p50: percentile(disturbed, 0.5),
    p99: percentile(disturbed, 0.99),
    max: Math.max(...disturbed),
    receipts: disturbed.length,
  };
}

/** Milliseconds from each event to its receipt, one after the other. */
async function latencies(client: Client, count: number): Promise<number[]> {
  const times: number[] = [];
  const deadline = performance.now() + Number(values.seconds) * 1000;
  for (let n = 0; n < count && performance.now() < deadline; n += 1) {
    const started = performance.now();
    await within(deadline - started, client.recordBatch([{ type: 'bystander', source: 'bench', data: { n } }]));
    times.push(performance.now() - started);
  }
  return times;
}

/** Waits for a receipt, but no longer than this. */
async function within(ms: number, receipt: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  // Its failure comes after the daemon's end, when nobody waits any more.
  await Promise.race([receipt.then(() => undefined), promise]);
  clearTimeout(timer);
  receipt.catch(() => undefined);
}
