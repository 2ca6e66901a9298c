/**
 * A thousand clients that send at once, each an event at a time: receipts, their latency, and what the daemon holds before,
 * during and after. Linux only (/proc). `node test/bench/many-clients.ts [CLIENTS] [EVENTS]` prints one JSON map.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connectWithNet } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { percentile } from './statistics.ts';

const [clientCount = 1_000, eventCount = 20] = process.argv.slice(2).map(Number);
await using daemon = await DaemonProcess.start();
const { pid } = daemon.process;

const before = held();
const clients = Array.from({ length: clientCount }, (_, index) =>
  daemon.connect({ clientName: `client-${index}`, transport: connectWithNet }),
);
await Promise.all(clients.map((client) => client.ready()));
const connected = held();

const times: number[] = [];
let stored = 0;
const started = performance.now();
let peak = held();
const watch = setInterval(() => {
  const now = held();
  if (now.privateMiB > peak.privateMiB) peak = now;
}, 20);
await Promise.all(
  clients.map(async (client, index) => {
    for (let n = 0; n < eventCount; n += 1) {
      const sentMs = performance.now();
      const receipt = await client.recordBatch([{ type: 'bench', source: `client-${index}`, data: { n } }]);
      times.push(performance.now() - sentMs);
      stored += receipt.stored;
    }
  }),
);
clearInterval(watch);
const seconds = (performance.now() - started) / 1000;
await Promise.all(clients.map((client) => client.close()));
await waitFor('all connections to be gone', () => held().descriptors <= before.descriptors + 1, 10_000);
process.stdout.write(
  `${JSON.stringify({
    clients: clientCount,
    sent: clientCount * eventCount,
    stored,
    receiptsPerSecond: Math.round(times.length / seconds),
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    before,
    connected,
    during: peak,
    after: held(),
  })}\n`,
);

/** Private memory and open files of the daemon. */
function held(): { privateMiB: number; descriptors: number } {
  const [, anonymous] = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return {
    privateMiB: Math.round(Number(anonymous) / 102.4) / 10,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
