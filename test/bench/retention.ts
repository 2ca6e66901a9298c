/**
 * What retention costs others: receipts of a sender that waits for each, beside one that floods, without retention and while
 * it removes EXPIRED events; then how long runs take that have nothing to do with KEPT events which a rule keeps longer.
 * Prints one JSON map. `node test/bench/retention.ts [EXPIRED] [KEPT]`, a million and none unless said.
 */
import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { percentile } from './statistics.ts';

const expired = Number(process.argv[2] ?? 1_000_000);
const kept = Number(process.argv[3] ?? 0);
const DAY = 86_400;
const BASELINE_MS = 8_000;
const nowSeconds = Math.floor(Date.now() / 1000);
const rules = [{ type: 'kept', days: 36_500 }];

using home = preparedHome();
prepare(home.paths.database);
const config = (days: number) => ({ persistence: { retention_days: days, retention_rules: rules } });
await using daemon = await DaemonProcess.start({ home: home.path, config: config(36_500) });
const { database } = daemon.paths;
const client = daemon.connect();
await client.runRetention();

const flood = new AbortController();
const flooding = sendUntil(flood.signal, daemon.connect());
await delay(1_000);
const before = await watched(async () => delay(BASELINE_MS));
writeFileSync(daemon.paths.config, JSON.stringify(config(30)), { mode: 0o600 });
daemon.process.kill('SIGHUP');
while ((await client.status()).settings.retention_days !== 30) await delay(20);
const fileBytes = statSync(database).size;
const during = await watched(() => client.runRetention());
const bytesAfter = statSync(database).size;
flood.abort();
await flooding;
const idleMs: number[] = [];
for (let run = 0; run < 5; run += 1) {
  const { seconds } = await client.runRetention();
  idleMs.push(seconds * 1000);
}
process.stdout.write(
  `${JSON.stringify({ expired, kept, before, during, fileBytes, bytesAfter, runsWithNothingToDoMs: idleMs }, null, 2)}\n`,
);

/** Old events of many types, and those that a rule keeps, of the same time. */
function prepare(path: string): void {
  using temporary = new TemporaryDatabase();
  const total = expired + kept;
  const isKept = (n: number) => kept > 0 && n % Math.ceil(total / kept) === 0;
  const batch = 5_000;
  for (let first = 0; first < total; first += batch) {
    const events = Array.from({ length: batch }, (_, index) => {
      const n = first + index;
      const data = { path: `/Users/someone/thing-${n % 1000}/file-${n}.ts`, size: n * 17, note: `change ${n} of many` };
      const type = isKept(n) ? 'kept' : `t${n % 7}`;
      return { type, source: `s${n % 3}`, action: 'modify', timestamp: nowSeconds - 100 * DAY + n * 0.01, data };
    });
    temporary.append(events, Math.floor(nowSeconds - 100 * DAY + first * 0.01));
    if (first % 100_000 === 0) temporary.db.pragma('wal_checkpoint(TRUNCATE)');
  }
  temporary.append([{ type: 'newest', source: 's', timestamp: nowSeconds }], nowSeconds);
  temporary.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(temporary.path, path);
}

async function sendUntil(signal: AbortSignal, sender: Client): Promise<void> {
  let n = 0;
  const one = async () => {
    while (!signal.aborted) {
      const events = Array.from({ length: 200 }, () => ({ type: 'flood', source: 'flood', data: { n: (n += 1) } }));
      await sender.recordBatch(events);
    }
  };
  await Promise.all([one(), one(), one()]);
}

/** Receipts of single events, and the longest log, while something is done. */
async function watched(work: () => Promise<unknown>) {
  const sender = daemon.connect();
  const waitsMs: number[] = [];
  let logBytes = 0;
  const done = new AbortController();
  const { database_stats: stats } = await client.stats();
  const startedMs = performance.now();
  const working = work().finally(() => done.abort());
  for (let n = 0; !done.signal.aborted; n += 1) {
    const sentMs = performance.now();
    await sender.recordBatch([{ type: 'bench', source: 'bystander', data: { n, startedMs } }]);
    waitsMs.push(performance.now() - sentMs);
    logBytes = Math.max(logBytes, statSync(`${database}-wal`).size);
    await delay(2);
  }
  const result = await working;
  const seconds = (performance.now() - startedMs) / 1000;
  const stored = (await client.stats()).database_stats.last_id - stats.last_id;
  return {
    seconds,
    p50Ms: percentile(waitsMs, 0.5),
    p99Ms: percentile(waitsMs, 0.99),
    longestMs: Math.max(...waitsMs),
    logBytes,
    eventsPerSecond: stored / seconds,
    ...(typeof result === 'object' && { result }),
  };
}
