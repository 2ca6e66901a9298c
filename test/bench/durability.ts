/**
 * What each level of durability costs: the time from `recordBatch()` of one event to its receipt, one after the other and
 * from eight senders at a time, and events per second in batches of 500; the levels in turn, on the same daemon.
 * Prints one JSON map. `node test/bench/durability.ts [ROUNDS]`
 */
import type { Client, Durability } from '../../client/index.ts';
import { durabilities } from '../../shared/messages/record.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { corpus } from './corpus.ts';
import { median, percentile } from './statistics.ts';

const rounds = Number(process.argv[2] ?? 5);
const SINGLE_EVENTS = 300;
const BATCHES = 40;
const BATCH_EVENTS = 500;
const SENDERS = 8;

interface Figures {
  p50Ms: number;
  p99Ms: number;
  /** Receipts per second of eight senders that each wait for theirs. */
  sharedPerSecond: number;
  batchEventsPerSecond: number;
}

await using daemon = await DaemonProcess.start();
const client = daemon.connect();
const events = corpus(rounds * durabilities.length * BATCHES * BATCH_EVENTS, 1);
let number = 0;
await single(client, 'committed', 500);
const results: Record<Durability, Figures[]> = { committed: [], flushed: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const level of durabilities) results[level].push(await measure(level));
}
const summary = durabilities.map((level) => {
  const of = (name: keyof Figures) => median(results[level].map((figures) => figures[name]));
  return [
    level,
    {
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      sharedPerSecond: of('sharedPerSecond'),
      batchEventsPerSecond: of('batchEventsPerSecond'),
    },
  ];
});
process.stdout.write(`${JSON.stringify(Object.fromEntries(summary))}\n`);

async function measure(level: Durability): Promise<Figures> {
  const times = await single(client, level, SINGLE_EVENTS);
  const sharedStart = performance.now();
  await Promise.all(Array.from({ length: SENDERS }, () => single(daemon.connect(), level, SINGLE_EVENTS / 3)));
  const sharedSeconds = (performance.now() - sharedStart) / 1000;
  const batchStart = performance.now();
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const some = Array.from({ length: BATCH_EVENTS }, () => events.next().value ?? { type: 't', source: 's' });
    await client.recordBatch(some, { durability: level });
  }
  const batchSeconds = (performance.now() - batchStart) / 1000;
  return {
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    sharedPerSecond: (SENDERS * SINGLE_EVENTS) / 3 / sharedSeconds,
    batchEventsPerSecond: (BATCHES * BATCH_EVENTS) / batchSeconds,
  };
}

async function single(sender: Client, durability: Durability, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    number += 1;
    const started = performance.now();
    await sender.recordBatch([{ type: 'bench', source: 'durability', data: { number } }], { durability });
    times.push(performance.now() - started);
  }
  return times;
}
