import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { withLimits } from '../harness/daemon-limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { waited } from '../harness/waited.ts';

const MiB = 1024 * 1024;
const nodeArguments = withLimits({ checkpointPages: 100, walAlarmBytes: 4 * MiB });
const text = Array.from({ length: 900 }, (_, n) =>
  Math.sqrt(n + 2)
    .toString(36)
    .slice(2),
).join('');

/** Sends so much that the log has to be reused, and returns how long it ever was. */
async function ingest(sender: JudgedClient, database: string, bytes: number): Promise<number> {
  let longest = 0;
  for (let sent = 0; sent < bytes; sent += 20 * text.length) {
    assert.ok((await waited(() => sender.send(sender.events(20)))) < 2_000);
    longest = Math.max(longest, statSync(`${database}-wal`).size);
  }
  return longest;
}

describe('a reader that does not end', () => {
  test('row 46: a client that stops in the middle of its pages holds up nothing', async () => {
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ nodeArguments });
    const { database, log } = daemon.paths;
    const sender = new JudgedClient(daemon.connect(), ledger, { text });
    for (let round = 0; round < 10; round += 1) await sender.send();
    const forgotten = daemon.connect().events({ limit: 10 });
    await forgotten.next();
    const longest = await ingest(sender, database, 8 * MiB);
    assert.ok(longest < 4 * MiB, `${longest} bytes of log`);
    assert.doesNotMatch(readFileSync(log, 'utf8'), /the write-ahead log grows/);
    assert.equal((await forgotten.next()).done, false);
    await forgotten.return();
  });

  test('row 46: another program that keeps the database open is told of, holds up nobody, and leaves no trace', async () => {
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ nodeArguments });
    const { database, log } = daemon.paths;
    const sender = new JudgedClient(daemon.connect(), ledger, { text });
    await sender.send();
    const other = new Sqlite(database, { readonly: true });
    other.exec('BEGIN');
    assert.equal(other.prepare('SELECT count(*) FROM event').pluck().get(), 10);
    const grown = await ingest(sender, database, 8 * MiB);
    assert.ok(grown > 8 * MiB);
    const alarms = () => readFileSync(log, 'utf8').match(/the write-ahead log grows: another program holds/g)?.length;
    assert.equal(alarms(), 2, 'past 4 MiB, and past 8');
    assert.equal(other.prepare('SELECT count(*) FROM event').pluck().get(), 10);
    assert.equal((await sender.client.stats()).database_stats.total_events, ledger.totals.acked);
    other.exec('COMMIT');
    other.close();

    const after = await ingest(sender, database, 8 * MiB);
    assert.ok(after <= grown + 4 * MiB, `the log is used again: ${after} after ${grown}`);
    assert.equal(alarms(), 2);
    const { exitCode } = await daemon.kill('SIGTERM');
    assert.equal(exitCode, 0);
    ledger.assertInnocent(database);
  });
});
