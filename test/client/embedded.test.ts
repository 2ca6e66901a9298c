import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EventDatabase } from '../../daemon/embedded.ts';
import { limits } from '../../shared/limits.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { sqliteShell, skipWithout } from '../harness/program.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { countTo, numbered, numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

function temporaryDatabase() {
  const home = temporaryHome();
  const path = join(home.path, 'new', 'directory', 'events.db');
  return { path, [Symbol.dispose]: home.remove };
}

/** Runs `act` with a clock that stands still somewhere else. */
function atTime<Result>(seconds: number, act: () => Result): Result {
  const realNow = Date.now;
  Date.now = () => seconds * 1000;
  try {
    return act();
  } finally {
    Date.now = realNow;
  }
}

describe('storeEvent()', () => {
  test('true for a new event, false for one that is there, in either form', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    assert.equal(database.storeEvent({ type: 'a', source: 's', timestamp: 1, action: 'go', data: { x: 1 } }), true);
    assert.equal(database.storeEvent({ type: 'a', source: 's', timestamp: 1, action: 'go', data: { x: 1 } }), false);
    assert.equal(database.storeEvent({ type: 'a', src: 's', ts: 1, action: 'go', x: 1 }), false);
    assert.equal(database.storeEvent({ type: 'a', src: 's', ts: 2, action: 'go', x: 1 }), true);
    assert.equal(database.getEvents().length, 2);
  });

  test('throws with the code of the refusal', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    assert.throws(() => database.storeEvent({ type: '', source: 's' }), refusal('invalid_type'));
    assert.throws(() => database.storeEvent({ type: 'a' }), refusal('invalid_source'));
    assert.throws(() => database.storeEvent({ type: 'a', source: 's', timestamp: -1 }), refusal('invalid_timestamp'));
    assert.throws(() => database.storeEvent({ type: 'a', source: 's', more: 1 }), refusal('invalid_event', 'more'));
    assert.throws(
      () => database.storeEvent({ type: 'a', source: 's', data: { text: 'x'.repeat(limits.eventBytes) } }),
      refusal('too_large'),
    );
    assert.deepEqual(database.getEvents(), []);
  });

  for (const [name, value] of [
    ['a symbol', Symbol('x')],
    ['an integer beyond 64 bits', 2n ** 70n],
    ['a function', () => 1],
  ] as const) {
    test(`throws for ${name} as for any other refusal`, () => {
      using place = temporaryDatabase();
      using database = new EventDatabase(place.path);
      assert.throws(
        () => database.storeEvent({ type: 'a', source: 's', timestamp: 1, data: { value } }),
        refusal('invalid_data'),
      );
    });
  }
});

describe('storeEventsBatch()', () => {
  test('over 1,000 events: one receipt, with the indexes of the call', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    const events: { [key: string]: unknown }[] = numberedFrom(0, 2_500).map((event) => ({ ...event }));
    events[5] = { type: '', source: 's' };
    events[1_005] = { type: 'a', source: '' };
    events[2_499] = { type: 'a', source: 's', timestamp: Number.NaN };
    events[1_500] = { ...numbered(0) };
    const receipt = database.storeEventsBatch(events);
    assert.deepEqual(
      { ...receipt, rejected: receipt.rejected.map(({ index, code }) => [index, code]) },
      {
        stored: 2_496,
        duplicate: 1,
        rejected: [
          [5, 'invalid_type'],
          [1_005, 'invalid_source'],
          [2_499, 'invalid_timestamp'],
        ],
        firstId: 1,
        lastId: 2_496,
        level: 'committed',
        persisted: true,
      },
    );
    const left = new Set([5, 1_005, 1_500, 2_499]);
    assert.deepEqual(
      numbersOf(database.getEvents({ order: 'asc' })),
      countTo(2_500).filter((n) => !left.has(n)),
    );
  });

  test('one event that cannot be encoded is refused alone', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    const { stored, rejected } = database.storeEventsBatch([
      numbered(0),
      { ...numbered(1), data: { value: Symbol('x') } },
      numbered(2),
    ]);
    assert.deepEqual([stored, rejected.map(({ index, code }) => [index, code])], [2, [[1, 'invalid_data']]]);
  });

  test('of nothing', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    const { stored, firstId, lastId, rejected } = database.storeEventsBatch([]);
    assert.deepEqual([stored, firstId, lastId, rejected], [0, null, null, []]);
  });
});

describe('getEvents()', () => {
  test('filters, limits, orders', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    database.storeEventsBatch([...numberedFrom(0, 10), { type: 'other', src: 'b', ts: 2_000_000, n: 10 }]);
    assert.deepEqual(numbersOf(database.getEvents()), countTo(11).toReversed());
    assert.deepEqual(numbersOf(database.getEvents({ limit: 2 })), [10, 9]);
    assert.deepEqual(numbersOf(database.getEvents({ order: 'asc', limit: 2 })), [0, 1]);
    assert.deepEqual(numbersOf(database.getEvents({ types: ['other'] })), [10]);
    assert.deepEqual(numbersOf(database.getEvents({ sources: ['test'], actions: ['count'], limit: 1 })), [9]);
    assert.deepEqual(numbersOf(database.getEvents({ since: 1_000_003, until: 1_000_005 })), [4, 3]);
    assert.deepEqual(database.getEvents({ limit: 0 }), []);
    assert.deepEqual(database.getEvents({ types: ['other'] })[0], {
      id: 11,
      type: 'other',
      source: 'b',
      timestamp: 2_000_000,
      data: { n: 10 },
    });
  });

  test('everything, beyond 1,000 rows', () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    database.storeEventsBatch(numberedFrom(0, 3_001));
    assert.deepEqual(numbersOf(database.getEvents({ order: 'asc' })), countTo(3_001));
    assert.equal(database.getEvents({ limit: 2_001 }).length, 2_001);
  });
});

test('getDatabaseStats() counts', () => {
  using place = temporaryDatabase();
  using database = new EventDatabase(place.path);
  const now = Date.now() / 1000;
  database.storeEventsBatch([
    { type: 'a', source: 'x', timestamp: now - 1 },
    { type: 'b', source: 'x', timestamp: 7 },
  ]);
  const stats = database.getDatabaseStats();
  assert.deepEqual([stats.total_events, stats.total_patterns, stats.recent_events_1h], [2, 0, 1]);
  assert.deepEqual([stats.by_type, stats.by_source], [{ a: 1, b: 1 }, { x: 2 }]);
  assert.deepEqual([stats.oldest_timestamp, stats.newest_timestamp], [7, now - 1]);
});

test('cleanupOldEvents() deletes what is old by timestamp and by arrival', () => {
  using place = temporaryDatabase();
  using database = new EventDatabase(place.path);
  const now = Math.floor(Date.now() / 1000);
  const day = 86_400;
  atTime(now - 10 * day, () => {
    database.storeEventsBatch(countTo(2_500).map((n) => ({ ...numbered(n), timestamp: now - 10 * day + n })));
    database.storeEvent({ type: 'future', source: 's', timestamp: now });
  });
  database.storeEvent({ type: 'imported', source: 's', timestamp: now - 20 * day });
  assert.equal(database.cleanupOldEvents(30), 0);
  assert.equal(database.cleanupOldEvents(5), 2_500);
  assert.deepEqual(
    database.getEvents({ order: 'asc' }).map(({ type }) => type),
    ['imported', 'future'],
  );
  assert.equal(database.getDatabaseStats().total_events, 2);
  assert.equal(database.cleanupOldEvents(5), 0);
});

describe('the file', () => {
  test('keeps everything over a reopen, ids included', () => {
    using place = temporaryDatabase();
    {
      using database = new EventDatabase(place.path);
      database.storeEventsBatch(numberedFrom(0, 3));
    }
    using database = new EventDatabase(place.path);
    assert.equal(database.storeEvent(numbered(1)), false);
    assert.equal(database.storeEventsBatch([numbered(3)]).firstId, 4);
    assert.deepEqual(numbersOf(database.getEvents({ order: 'asc' })), [0, 1, 2, 3]);
  });

  test('is whole', { skip: skipWithout('sqlite3') }, () => {
    using place = temporaryDatabase();
    using database = new EventDatabase(place.path);
    database.storeEventsBatch(numberedFrom(0, 3));
    assert.equal(sqliteShell(place.path, 'PRAGMA quick_check; SELECT count(*) FROM events'), 'ok\n3');
  });

  test('belongs to one at a time, in this process too', () => {
    using place = temporaryDatabase();
    {
      using database = new EventDatabase(place.path);
      assert.deepEqual(database.getEvents(), []);
      assert.throws(() => new EventDatabase(place.path), refusal('already_running', `pid ${process.pid}`));
    }
    new EventDatabase(place.path).close();
  });

  test('of a running daemon is refused, with its pid; free again when it has ended', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([numbered(0)]);
    assert.throws(
      () => new EventDatabase(daemon.paths.database),
      refusal('already_running', `pid ${daemon.process.pid}`),
    );
    assert.equal((await daemon.connect().recordBatch([numbered(1)])).stored, 1, 'the daemon is unharmed');
    await daemon.kill('SIGKILL');
    using database = new EventDatabase(daemon.paths.database);
    assert.deepEqual(numbersOf(database.getEvents({ order: 'asc' })), [0, 1]);
  });

  test('keeps a daemon from starting, which says who has it', async () => {
    using home = temporaryHome();
    const path = daybookPaths({ DAYBOOK_HOME: home.path }).database;
    const database = new EventDatabase(path);
    database.storeEvent(numbered(0));
    const { exitCode, stderr, stdout } = await DaemonProcess.launch({ home: home.path }).ended;
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, new RegExp(`already running \\(pid ${process.pid}\\)`));
    assert.equal(database.storeEvent(numbered(1)), true);
    database.close();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    assert.equal((await client.status()).last_id, 2);
    await client.close();
  });
});
