import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithout, sqliteShell } from '../harness/program.ts';
import { waitFor } from '../harness/wait-for.ts';

const skip = skipWithout('sqlite3');
const event = (n: number) => ({ type: 'a', source: 's', timestamp: n, data: { n } });

/** How many locks a process has on a file, as the system sees it. */
function locksOn(path: string, pid: number): number {
  const { ino } = statSync(path);
  const lines = readFileSync('/proc/locks', 'utf8').split('\n');
  return lines.filter((line) => line.includes(` ${pid} `) && line.includes(`:${ino} `)).length;
}

describe('the sqlite3 shell beside a running daemon', () => {
  test('row 49: opens, reads, writes and closes without taking anything from the daemon', { skip }, async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { database } = daemon.paths;
    await client.recordBatch([event(0)]);
    const log = statSync(`${database}-wal`).ino;
    const rounds = 5;
    for (let round = 1; round <= rounds; round += 1) {
      assert.equal(sqliteShell(database, 'SELECT count(*) FROM events;'), String(round));
      sqliteShell(database, "INSERT INTO patterns (pattern_type, confidence, pattern_data) VALUES ('mine', 1, '{}');");
      assert.equal((await client.recordBatch([event(round)])).stored, 1);
      assert.equal(statSync(`${database}-wal`).ino, log, 'the write-ahead log is the one it was');
    }
    const { total_patterns: patterns, total_events: events } = (await client.stats()).database_stats;
    assert.deepEqual([patterns, events], [rounds, rounds + 1]);
    assert.equal((await daemon.stop()).exitCode, 0);
  });

  test('row 49: that holds a write lock for a moment delays a receipt, and nothing else', { skip }, async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([event(1)]);
    // Busy for a while inside one write transaction.
    const busy = `BEGIN IMMEDIATE;
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO system_stats (timestamp) SELECT i FROM n;
      ROLLBACK;`;
    const [receipt] = await Promise.all([
      client.recordBatch([event(2)]),
      new Promise((resolve) => setImmediate(() => resolve(sqliteShell(daemon.paths.database, busy)))),
    ]);
    assert.equal(receipt.stored, 1);
    assert.equal(sqliteShell(daemon.paths.database, 'SELECT count(*) FROM events;'), '2');
  });
});

describe('another program that does not let go of a write lock', () => {
  test('row 49: makes commits fail as retryable; reads go on, and what is sent again afterwards is there once', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([event(1)]);
    const other = new Sqlite(daemon.paths.database);
    other.exec('BEGIN IMMEDIATE');
    const refused = assert.rejects(client.recordBatch([event(2)]), { code: 'storage_error', retryable: true });
    assert.equal((await client.page({})).events.length, 1);
    assert.equal((await client.status()).state, 'running');
    await refused;
    other.exec('ROLLBACK');
    other.close();
    const { stored, duplicate } = await client.recordBatch([event(2)]);
    assert.deepEqual([stored, duplicate], [1, 0]);
    assert.equal((await client.stats()).database_stats.total_events, 2);
  });
});

describe('the locks that keep others from taking the database away', () => {
  test('row 49: are held whatever the daemon is asked', {
    skip: process.platform !== 'linux' && 'needs /proc/locks',
  }, async () => {
    const config = { persistence: { cleanup_interval_hours: 0.01 } };
    await using daemon = await DaemonProcess.start({ config });
    const client = daemon.connect();
    const { database } = daemon.paths;
    const locks = () => [database, `${database}-shm`].map((path) => locksOn(path, daemon.process.pid ?? 0));
    await client.recordBatch([event(0)]);
    const held = locks();
    assert.ok(
      held.every((count) => count > 0),
      `${held.join()} locks on the database and the index of its log`,
    );
    const tail = client.tail({ after: { databaseId: (await client.ready()).databaseId, id: 0 } });
    await tail.next();
    for (let round = 0; round < 3; round += 1) {
      await client.recordBatch([event(10 + round)], { durability: 'flushed' });
      await client.page({});
      await client.stats();
      await client.status();
      await client.storePattern({ patternType: 'p', confidence: 1, patternData: '{}' });
    }
    await tail.return();
    await waitFor('the cleanup', () => readFileSync(daemon.paths.log, 'utf8').includes('cleanup done'));
    assert.ok(
      locks().every((count) => count > 0),
      `${locks().join()} locks, and before: ${held.join()}`,
    );
  });
});
