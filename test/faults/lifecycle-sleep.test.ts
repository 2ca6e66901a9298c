import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { withLimits } from '../harness/daemon-limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const cleanupIntervalMs = 36_000;
const event = (n: number) => ({ type: 't', source: 's', timestamp: Date.now() / 1000, data: { n } });
const hello = { protocol: { min: 1, max: 1 }, client: { name: 'sleeper', pid: process.pid } };

/** Makes the next cleanup of a database that no daemon has open due. */
function cleanupDueIn(path: string, ms: number): void {
  const db = new Sqlite(path);
  db.prepare("UPDATE meta SET value = ? WHERE key = 'last_cleanup_ms'").run(Date.now() - cleanupIntervalMs + ms);
  db.close();
}

test('row 28: a daemon that slept: nobody is cut off, one cleanup, and the receipts go on', async () => {
  using home = temporaryHome();
  const config = { log_level: 'debug', persistence: { cleanup_interval_hours: cleanupIntervalMs / 3_600_000 } };
  await using first = await DaemonProcess.start({ home: home.path, config });
  const log = () => readFileSync(first.paths.log, 'utf8');
  const cleanups = () => log().match(/"msg":"cleanup done"/g)?.length ?? 0;
  await first.connect().recordBatch([event(-1)]);
  await waitFor('the first cleanup', () => cleanups() === 1);
  await first.stop();
  cleanupDueIn(first.paths.database, 2_000);

  // The time for which it sleeps is long against these.
  const nodeArguments = withLimits({ helloTimeoutMs: 1_000, frameTimeoutMs: 1_000 });
  await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments });
  const transport = new RecordedTransport();
  const client = daemon.connect({ transport: transport.connect, commitAtOnce: true });
  await client.ready();
  const idle = await Promise.all(Array.from({ length: 30 }, () => RawClient.greet(daemon.paths.socket)));
  const half = await Promise.all(Array.from({ length: 5 }, () => RawClient.greet(daemon.paths.socket)));
  const silent = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(daemon.paths.socket)));
  const frameOf = (n: number) => encodeFrame('record', 7, encode({ events: [event(1_000 + n)] }));
  const frames = half.map((_, n) => frameOf(n));
  for (const [n, raw] of half.entries()) raw.sendBytes((frames[n] ?? Buffer.alloc(0)).subarray(0, 20));
  await client.status();

  daemon.process.kill('SIGSTOP');
  const asleep = performance.now();
  const pending = client.recordBatch([event(0)]);
  for (let n = 1; n <= 100; n += 1) client.record(event(n));
  for (const [n, raw] of half.entries()) raw.sendBytes((frames[n] ?? Buffer.alloc(0)).subarray(20));
  for (const raw of silent) raw.send('hello', 1, hello);
  await waitFor('some seconds to pass', () => performance.now() - asleep > 3_500);
  daemon.process.kill('SIGCONT');

  assert.equal((await pending).stored, 1);
  await client.flush();
  assert.deepEqual([client.counters.stored, transport.attemptsMs.length], [100, 1]);
  for (const raw of half) assert.equal(((await raw.answer(7)).body as { stored: number }).stored, 1);
  for (const raw of silent) assert.equal((await raw.answer(1)).kind, 'reply');
  for (const raw of idle) {
    raw.send('status', 3, {});
    assert.equal((await raw.answer(3)).kind, 'reply');
  }
  await waitFor('the cleanup', () => cleanups() >= 2);
  assert.equal((await client.status()).connections, 1 + idle.length + half.length + silent.length);
  assert.equal(cleanups(), 2, 'once, however long it slept');
  assert.doesNotMatch(log(), /"reason":"timeout/);
  for (const raw of [...idle, ...half, ...silent]) raw.destroy();
});
