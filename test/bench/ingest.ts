/** One client sends the corpus to a fresh daemon: committed events per second, and what they take on disk. */
import Sqlite from 'better-sqlite3';
import { statSync } from 'node:fs';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { corpus } from './corpus.ts';

const [count = 0, seed = 0] = process.argv.slice(2).map(Number);
const daemon = await DaemonProcess.start({ config: { log_level: 'warn' } });
const client = daemon.connect();
await client.ready();
const events = [...corpus(count, seed)];
const jsonBytes = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
const largeEvents = events.filter(({ data }) => Buffer.byteLength(JSON.stringify(data)) > 1024).length;

const started = performance.now();
let inRecordMs = 0;
for (let from = 0; from < count; from += 2_000) {
  const slice = events.slice(from, from + 2_000);
  const recording = performance.now();
  for (const event of slice) client.record(event);
  inRecordMs += performance.now() - recording;
  await new Promise((resolve) => setImmediate(resolve));
}
await client.flush();
const seconds = (performance.now() - started) / 1000;

const { stored } = client.counters;
await client.close();
await daemon.kill('SIGTERM');
const db = new Sqlite(daemon.paths.database, { readonly: true });
const large = Number(
  db.prepare("SELECT count(*) FROM event WHERE typeof(data) = 'blob' OR octet_length(data) > 1024").pluck().get(),
);
db.close();
const databaseBytes = statSync(daemon.paths.database).size;
await daemon.stop();
if (stored !== count || large !== largeEvents)
  throw new Error(`${stored} of ${count} stored, ${large} of ${largeEvents} large`);
process.stdout.write(
  `${JSON.stringify({
    eventsPerSecond: count / seconds,
    recordMicroseconds: (inRecordMs * 1000) / count,
    jsonBytesPerEvent: jsonBytes / count,
    diskBytesPerEvent: databaseBytes / count,
    largeEvents,
  })}\n`,
);
