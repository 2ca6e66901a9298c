import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { daybookVersion } from '../../shared/protocol-version.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RawClient } from '../harness/raw-client.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

describe('a running daemon', () => {
  test('says what it is, where its things are, and which settings are in force', async () => {
    const persistence = { batch_size: 7, batch_timeout: 0.25, retention_days: 3, cleanup_interval_hours: 2 };
    await using daemon = await DaemonProcess.start({ config: { persistence } });
    const client = daemon.connect();
    await client.recordBatch([event(1), event(2)]);
    // What is measured has a test of its own.
    const { uptime_seconds: uptime, memory_bytes: memory, database_id: id, ...rest } = await client.status();
    const { performance: _performance, backup, integrity, settings, setting_origins: origins, ...status } = rest;
    assert.ok(uptime > 0 && memory > 0);
    assert.equal(id, (await client.ready()).databaseId);
    assert.deepEqual(status, {
      state: 'running',
      pid: daemon.process.pid,
      version: daybookVersion,
      node_version: process.versions.node,
      socket: daemon.paths.socket,
      database: daemon.paths.database,
      log: daemon.paths.log,
      config: daemon.paths.config,
      persistence: true,
      connections: 1,
      tails: 0,
      queue_bytes: 0,
      last_id: 2,
      storage: 'ok',
      gaps: 0,
    });
    assert.deepEqual(settings, {
      ...settings,
      ...persistence,
      database_path: daemon.paths.database,
      backup_directory: daemon.paths.backups,
    });
    assert.deepEqual([origins?.['persistence.batch_size'], origins?.['log_level']], ['file', 'default']);
    assert.deepEqual([backup?.at, backup?.next, integrity?.at, integrity?.damaged], [null, null, null, []]);
  });

  test('counts what it did since it started, and what is there', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([event(1), event(2), event(1), { ...event(3), type: '' }]);
    await client.recordBatch([event(2)]);
    await client.storePattern({ patternType: 'p', confidence: 1, patternData: '{}' });
    const stats = await client.stats();
    const { database_stats: database, events_per_second: rate, ...counters } = stats;
    assert.deepEqual(counters, {
      total_stored: 2,
      total_duplicate: 2,
      total_rejected: 1,
      queue_size: 0,
      batch_size: 100,
      retention_days: 30,
    });
    assert.equal(rate, 2 / 60);
    assert.deepEqual([database.total_events, database.total_patterns, database.by_type], [2, 1, { t: 2 }]);
  });

  test('counts the events that wait for their commit, until it comes', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    const client = daemon.connect();
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.send('record', 2, { wait: false, events: [event(1), event(2)] });
    raw.send('record', 3, { wait: false, events: [event(3)] });
    raw.send('stats', 4, {});
    assert.equal(((await raw.answer(4)).body as { queue_size: number }).queue_size, 3);
    assert.ok((await client.status()).queue_bytes > 0);
    raw.send('flush', 5, {});
    await raw.answer(5);
    assert.deepEqual(
      raw.frames.filter(({ requestId }) => requestId !== 1).map(({ requestId }) => requestId),
      [4, 2, 3, 5],
    );
    const { queue_size: queued, total_stored: stored } = await client.stats();
    assert.deepEqual([queued, stored, (await client.status()).queue_bytes], [0, 3, 0]);
    raw.destroy();
  });

  test('commits by itself at the batch size and at the batch timeout', async () => {
    const config = { persistence: { batch_size: 3, batch_timeout: 0.05 } };
    await using daemon = await DaemonProcess.start({ config });
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.send('record', 2, { wait: false, events: [event(1)] });
    assert.equal(((await raw.answer(2)).body as { stored: number }).stored, 1);
    raw.destroy();
  });

  test('has committed when it says so: another program sees the rows', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.ready();
    const other = new Sqlite(daemon.paths.database, { readonly: true });
    const count = other.prepare<[], number>('SELECT count(*) FROM events').pluck();
    for (let n = 0; n < 50; n += 1) {
      await client.recordBatch([event(n)], { durability: n % 2 === 0 ? 'committed' : 'flushed' });
      assert.equal(count.get(), n + 1);
    }
    other.close();
  });
});
