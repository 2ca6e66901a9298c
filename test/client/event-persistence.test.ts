import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEventPersistence, type EventPersistenceConfig } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { refusal } from './refusal.ts';

const over = (daemon: DaemonProcess, config: EventPersistenceConfig = {}) =>
  createEventPersistence({ ...config, connection: { socketPath: daemon.paths.socket } });

describe('createEventPersistence', () => {
  test('takes canonical and flat events, and gives them back', async () => {
    await using daemon = await DaemonProcess.start();
    const persistence = over(daemon);
    await persistence.start();
    assert.equal(persistence.queueEvent({ type: 'a', source: 's', timestamp: 1, data: { x: 1 } }), true);
    assert.equal(persistence.queueEvent({ type: 'b', action: 'go', ts: 2, src: 's', path: '/x', n: [1] }), true);
    assert.equal(
      persistence.queueEventsBatch([
        { type: 'c', ts: 3, src: 's' },
        { type: 'd', source: 's', timestamp: 4 },
      ]),
      2,
    );
    await persistence.stop();
    await persistence.start();
    const events = await persistence.getEvents({ order: 'asc' });
    assert.deepEqual(
      events.map(({ id: _id, ...event }) => event),
      [
        { type: 'a', source: 's', timestamp: 1, data: { x: 1 } },
        { type: 'b', source: 's', timestamp: 2, action: 'go', data: { path: '/x', n: [1] } },
        { type: 'c', source: 's', timestamp: 3, data: {} },
        { type: 'd', source: 's', timestamp: 4, data: {} },
      ],
    );
    assert.deepEqual(
      (await persistence.getEvents({ types: ['b', 'c'], limit: 1 })).map(({ type }) => type),
      ['c'],
    );
    await persistence.stop();
  });

  test('stores patterns and counts', async () => {
    await using daemon = await DaemonProcess.start();
    const persistence = over(daemon);
    await persistence.start();
    assert.equal(
      await persistence.storePattern({
        patternType: 'habit',
        confidence: 0.9,
        patternData: { at: [9] },
        embryoId: 'e',
      }),
      1,
    );
    assert.equal(await persistence.storePattern({ patternType: 'habit', confidence: 0, patternData: null }), 2);
    await assert.rejects(
      persistence.storePattern({ patternType: 'habit', confidence: 2, patternData: {} }),
      refusal('invalid_request', 'confidence'),
    );
    const stats = await persistence.getStats();
    assert.equal(stats.database_stats.total_patterns, 2);
    assert.equal(stats.queue_size, 0);
    await persistence.stop();
  });

  test('survives a daemon that comes and goes', async () => {
    await using daemon = await DaemonProcess.start();
    const persistence = over(daemon);
    await persistence.start();
    await persistence.getStats();
    await daemon.kill('SIGKILL');
    assert.equal(persistence.queueEvent({ type: 'a', ts: 1, src: 's' }), true);
    await using again = await DaemonProcess.start({ home: daemon.home });
    await persistence.stop();
    const client = again.connect();
    assert.equal((await client.status()).last_id, 1);
    await client.close();
  });

  test('start() without a daemon is refused', async () => {
    const persistence = createEventPersistence({ connection: { socketPath: '/nonexistent/daybook.sock' } });
    await assert.rejects(persistence.start(), refusal('not_reachable'));
    assert.throws(() => persistence.queueEvent({ type: 'a', ts: 1, src: 's' }), refusal('closed', 'start()'));
  });

  test('start() compares the settings with those of the daemon', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_size: 50, retention_days: 7 } } });
    const same = over(daemon, { persistence: { batch_size: 50, batch_timeout: 5, retention_days: 7 } });
    await same.start();
    await same.stop();
    await assert.rejects(
      over(daemon, { persistence: { batch_size: 50, retention_days: 30 } }).start(),
      refusal('invalid_config', 'retention_days', '7', '30', 'config.json'),
    );
    await assert.rejects(
      over(daemon, { persistence: { database_path: '/elsewhere.db' } }).start(),
      refusal('invalid_config', 'database_path', daemon.paths.database),
    );
    const { connections } = await daemon.connect().status();
    assert.ok(connections <= 2, `${connections} connections are open after two refusals`);
  });

  test('enable_persistence: false takes nothing', async () => {
    await using daemon = await DaemonProcess.start();
    const persistence = over(daemon, { enable_persistence: false });
    await persistence.start();
    assert.equal(persistence.queueEvent({ type: 'a', ts: 1, src: 's' }), false);
    assert.equal(persistence.queueEventsBatch([{ type: 'a', ts: 1, src: 's' }]), 0);
    await persistence.stop();
    assert.equal((await daemon.connect().status()).last_id, 0);
  });

  test('before start() and after stop() it says what to do', async () => {
    await using daemon = await DaemonProcess.start();
    const persistence = over(daemon);
    assert.throws(() => persistence.queueEvent({ type: 'a', ts: 1, src: 's' }), refusal('closed', 'start()'));
    await persistence.start();
    await persistence.stop();
    await persistence.stop();
    assert.throws(() => persistence.queueEvent({ type: 'a', ts: 1, src: 's' }), refusal('closed', 'start()'));
  });
});
