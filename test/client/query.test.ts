import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventQuery, parseCondition, type StoredEvent } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { countTo, numbered, numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

describe('events()', () => {
  test('limits, orders, filters', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([
      ...numberedFrom(0, 10),
      { type: 'other', source: 'elsewhere', timestamp: 1_000_100, data: { n: 10 } },
    ]);
    const list = async (query: EventQuery) => numbersOf(await Array.fromAsync(client.events(query)));
    assert.deepEqual(await list({}), countTo(11).toReversed());
    assert.deepEqual(await list({ order: 'asc' }), countTo(11));
    assert.deepEqual(await list({ limit: 3 }), [10, 9, 8]);
    assert.deepEqual(await list({ limit: 0 }), []);
    assert.deepEqual(await list({ types: ['other'] }), [10]);
    assert.deepEqual(await list({ sources: ['test'], limit: 2 }), [9, 8]);
    assert.deepEqual(await list({ actions: ['count'], order: 'asc', limit: 2 }), [0, 1]);
    assert.deepEqual(await list({ since: 1_000_003, until: 1_000_005 }), [4, 3]);
    assert.deepEqual(await list({ types: ['nobody'] }), []);
    assert.deepEqual(await list({ where: [parseCondition('data.n >= 9')] }), [10, 9]);
    assert.deepEqual(await list({ where: [parseCondition('data.n < 2')], processed: false }), [1, 0]);
    assert.deepEqual(await client.count({ by: ['type'], since: 1_000_001 }), [
      { type: 'note', count: 9 },
      { type: 'other', count: 1 },
    ]);
    const [event] = await Array.fromAsync(client.events({ types: ['other'] }));
    assert.deepEqual(event, { id: 11, type: 'other', source: 'elsewhere', timestamp: 1_000_100, data: { n: 10 } });
  });

  test('over many pages: everything, once', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 2_500));
    const pages = await Array.fromAsync(client.pages({ order: 'asc' }));
    assert.ok(pages.length >= 3);
    assert.ok(pages.every(({ events }) => events.length <= limits.pageRows));
    assert.deepEqual(numbersOf(pages.flatMap(({ events }) => events)), countTo(2_500));
    assert.deepEqual(
      numbersOf(await Array.fromAsync(client.events({ limit: 1_500 }))),
      countTo(2_500).toReversed().slice(0, 1_500),
    );
  });

  test('stops asking when the reader stops', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 10));
    const seen: StoredEvent[] = [];
    for await (const event of client.events()) {
      seen.push(event);
      if (seen.length === 2) break;
    }
    assert.deepEqual(numbersOf(seen), [9, 8]);
  });

  test('keys that mean something to JavaScript arrive as data', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const data = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x", "a": {"__proto__": 2}}',
    );
    await client.recordBatch([{ type: 'constructor', source: '__proto__', timestamp: 1, data }]);
    const [event] = await Array.fromAsync(client.events());
    assert.equal(JSON.stringify(event?.data), JSON.stringify(data));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.ok(event !== undefined && !('polluted' in event.data));
    assert.deepEqual([event?.type, event?.source], ['constructor', '__proto__']);
  });
});

describe('cursors', () => {
  for (const order of ['asc', 'desc'] as const) {
    test(`${order}: a listing goes on where a page stopped`, async () => {
      await using daemon = await DaemonProcess.start();
      const client = daemon.connect();
      // Several events an instant, so that an instant is cut by a page.
      const events = countTo(25).map((n) => ({ ...numbered(n), timestamp: 1_000 + Math.floor(n / 10) }));
      await client.recordBatch(events);
      const seen: unknown[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = await client.page({ filter: {}, order, limit: 7, ...(cursor !== undefined && { cursor }) });
        seen.push(...numbersOf(page.events));
        cursor = page.cursor;
      }
      assert.deepEqual(seen, order === 'asc' ? countTo(25) : countTo(25).toReversed());
    });
  }

  test('end with null exactly when nothing is left', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 10));
    assert.equal((await client.page({ limit: 10 })).cursor, null);
    const { cursor } = await client.page({ limit: 9 });
    assert.ok(cursor !== null);
    assert.deepEqual(numbersOf(await Array.fromAsync(client.events({ cursor }))), [0]);
    assert.equal((await client.page({ filter: { types: ['nobody'] } })).cursor, null);
  });

  test('outlive the daemon', async () => {
    using home = temporaryHome();
    const read = async (cursor?: string) => {
      await using daemon = await DaemonProcess.start({ home: home.path });
      const client = daemon.connect();
      await client.recordBatch(numberedFrom(0, 10));
      return await client.page({ limit: 6, ...(cursor !== undefined && { cursor }) });
    };
    const { events, cursor } = await read();
    assert.ok(cursor !== null);
    const rest = await read(cursor);
    assert.deepEqual(numbersOf([...events, ...rest.events]), countTo(10).toReversed());
  });

  test('from elsewhere are refused', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 2));
    const { cursor } = await client.page({ limit: 1 });
    assert.ok(cursor !== null);
    await assert.rejects(client.page({ cursor: 'nonsense' }), refusal('invalid_cursor'));
    await assert.rejects(client.page({ cursor, order: 'asc' }), refusal('invalid_cursor'));
    await using other = await DaemonProcess.start();
    await assert.rejects(other.connect().page({ cursor }), refusal('invalid_cursor', 'another database'));
  });

  test('page() refuses what it cannot mean', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await assert.rejects(client.page({ limit: 0 }), refusal('invalid_request', 'limit'));
    await assert.rejects(client.page({ limit: limits.pageRows + 1 }), refusal('invalid_request', 'limit'));
    await assert.rejects(client.page({ filter: { types: [] } }), refusal('invalid_request', 'types'));
  });
});

describe('snapshot', () => {
  for (const snapshot of [true, false]) {
    test(`${snapshot}: events stored between two pages are ${snapshot ? 'left out' : 'seen'}`, async () => {
      await using daemon = await DaemonProcess.start();
      const client = daemon.connect();
      await client.recordBatch(numberedFrom(0, 1_500));
      const seen: unknown[] = [];
      let pages = 0;
      for await (const page of client.pages({ order: 'asc', snapshot })) {
        pages += 1;
        seen.push(...numbersOf(page.events));
        // Later in the order of the listing, so only the snapshot can keep them out.
        await client.recordBatch(numberedFrom(10_000 + pages * 10, 10));
        assert.ok(pages < 100);
      }
      assert.deepEqual(seen.slice(0, 1_500), countTo(1_500));
      assert.equal(seen.length > 1_500, !snapshot);
    });
  }

  test('of an empty database stays empty', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    assert.deepEqual(await Array.fromAsync(client.events({ snapshot: true })), []);
  });
});

describe('stats() and status()', () => {
  test('count what was stored', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_size: 7, retention_days: 3 } } });
    const client = daemon.connect();
    const now = Date.now() / 1000;
    await client.recordBatch([
      { type: 'a', source: 'x', timestamp: now - 1 },
      { type: 'a', source: 'y', timestamp: now - 2 },
      { type: 'a', source: 'y', timestamp: now - 2 },
      { type: '__proto__', source: 'y', timestamp: 5 },
      { type: '', source: 'y' },
    ]);
    await client.storePattern({ patternType: 'p', confidence: 1, patternData: '[]' });
    const { database_stats: database, ...totals } = await client.stats();
    assert.deepEqual(
      [totals.total_stored, totals.total_duplicate, totals.total_rejected, totals.queue_size],
      [3, 1, 1, 0],
    );
    assert.deepEqual([totals.batch_size, totals.retention_days], [7, 3]);
    assert.equal(totals.events_per_second, 3 / 60);
    assert.deepEqual([database.total_events, database.total_patterns, database.recent_events_1h], [3, 1, 2]);
    assert.deepEqual(
      new Map(Object.entries(database.by_type)),
      new Map([
        ['__proto__', 1],
        ['a', 2],
      ]),
    );
    assert.deepEqual(database.by_source, { x: 1, y: 2 });
    assert.deepEqual([database.oldest_timestamp, database.newest_timestamp], [5, now - 1]);
    assert.ok(database.database_size_mb > 0 && database.events_per_hour > 0);
  });

  test('describe the daemon', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.5 } } });
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 4));
    const status = await client.status();
    assert.equal(status.state, 'running');
    assert.equal(status.pid, daemon.process.pid);
    assert.equal(status.node_version, process.versions.node);
    assert.equal(status.socket, daemon.paths.socket);
    assert.equal(status.database, daemon.paths.database);
    assert.equal(status.log, daemon.paths.log);
    assert.equal(status.config, daemon.paths.config);
    assert.equal(status.database_id, (await client.ready()).databaseId);
    assert.deepEqual([status.persistence, status.connections, status.tails], [true, 1, 0]);
    assert.deepEqual([status.last_id, status.queue_bytes], [4, 0]);
    assert.ok(status.uptime_seconds > 0 && status.memory_bytes > 1_000_000);
    const { database_path: path, batch_timeout: timeout, retention_days: days } = status.settings;
    assert.deepEqual([path, timeout, days], [daemon.paths.database, 0.5, 30]);
  });
});
