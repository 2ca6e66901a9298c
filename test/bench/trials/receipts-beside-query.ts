/**
 * Milliseconds from one event to its receipt, one after the other, without and with a client that asks the slowest query
 * there is again and again: one that matches nothing, and looks at every event until its time is over. In turn.
 */
import { fileURLToPath } from 'node:url';
import { RunningCommand } from '../../harness/command-line.ts';
import { startDaemon } from '../bench-daemon.ts';
import { corpus } from '../corpus.ts';
import { percentile } from '../statistics.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const PHASES = 3;
const WARM_UP_EVENTS = 500;

const input = trialInput() as Surroundings & { phaseMs: number; seed: number };
await using daemon = await startDaemon(input, input.homes.oneMillion);
const client = daemon.connect();
const events = corpus(Number.POSITIVE_INFINITY, input.seed);
const alone: number[] = [];
const beside: number[] = [];
for (let n = 0; n < WARM_UP_EVENTS; n += 1) await receipt();
for (let phase = 0; phase < PHASES; phase += 1) {
  alone.push(...(await receiptsFor(input.phaseMs)));
  await using slow = new RunningCommand(process.execPath, [
    fileURLToPath(new URL('../slowest-query.ts', import.meta.url)),
    daemon.paths.socket,
  ]);
  await slow.prints('under way');
  beside.push(...(await receiptsFor(input.phaseMs)));
  if (slow.process.exitCode !== null) throw new Error(`the query has ended: ${slow.stderr}`);
}
const alone99 = percentile(alone, 0.99);
const beside99 = percentile(beside, 0.99);
reportFigures({
  receiptP50Ms: percentile(alone, 0.5),
  receiptP99Ms: alone99,
  receiptBesideQueryP50Ms: percentile(beside, 0.5),
  receiptBesideQueryP99Ms: beside99,
  receiptP99Ratio: beside99 / alone99,
});

async function receiptsFor(ms: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end) times.push(await receipt());
  return times;
}

async function receipt(): Promise<number> {
  const event = events.next().value ?? { type: 'bench', source: 'bench' };
  const started = performance.now();
  await client.recordBatch([event]);
  return performance.now() - started;
}
