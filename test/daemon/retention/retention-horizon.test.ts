import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RetentionHorizon } from '../../../daemon/retention/retention-horizon.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const DAY = 86_400;
const now = 20_000 * DAY;
const DAILY_MS = DAY * 1000;

/** A database whose newest event arrived then, as the daemon finds it when it starts. */
function withNewest(arrivedSeconds?: number): TemporaryDatabase {
  const database = new TemporaryDatabase();
  if (arrivedSeconds !== undefined) {
    database.append([{ type: 't', source: 's', timestamp: 1 }], arrivedSeconds - 5 * DAY);
    database.append([{ type: 't', source: 's', timestamp: 2 }], arrivedSeconds);
  }
  return database;
}

/** Days by which this run is behind the clock. */
function runAt(horizon: RetentionHorizon, seconds: number): number {
  const clock = horizon.next(seconds);
  horizon.reached(clock);
  return (seconds - clock) / DAY;
}

describe('RetentionHorizon', () => {
  test('follows the clock, when that behaves', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    for (const day of [0, 1, 2, 4, 5]) assert.equal(runAt(horizon, now + day * DAY), 0);
  });

  test('follows it from the start in a database without events', () => {
    using database = withNewest();
    assert.equal(runAt(new RetentionHorizon(database.db, DAILY_MS), now), 0);
  });

  test('asked twice without having got there says the same', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    assert.deepEqual([horizon.next(now + DAY), horizon.next(now + DAY)], [now + DAY, now + DAY]);
  });

  test('moves by two intervals at most when the clock leaps ahead', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    runAt(horizon, now);
    const year = 365 * DAY;
    assert.equal(horizon.next(now + year), now + 2 * DAY);
    runAt(horizon, now + year);
    assert.equal(horizon.next(now + year), now + 4 * DAY);
  });

  test('takes a clock that has leapt before the first run by the newest event', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    assert.equal(horizon.next(now + 365 * DAY), now + 2 * DAY);
    // What arrives by the wrong clock is not of earlier times.
    database.append([{ type: 't', source: 's', timestamp: 3 }], now + 365 * DAY);
    assert.equal(horizon.next(now + 365 * DAY), now + 2 * DAY);
  });

  test('moves by a day at least, however often it runs', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, 36_000);
    assert.equal(horizon.next(now + 100 * DAY), now + DAY);
  });

  test('does not go back with the clock, and goes on where that comes by again', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    runAt(horizon, now);
    assert.equal(runAt(horizon, now - 10 * DAY), 0, 'it expires less');
    assert.equal(runAt(horizon, now + DAY), 0);
    // An event of the future does not take it there.
    using ahead = withNewest(now + 365 * DAY);
    assert.equal(runAt(new RetentionHorizon(ahead.db, DAILY_MS), now), 0);
  });

  test('is remembered by the database', () => {
    using database = withNewest(now);
    const first = new RetentionHorizon(database.db, DAILY_MS);
    runAt(first, now);
    runAt(first, now + 365 * DAY);
    database.append([{ type: 't', source: 's', timestamp: 3 }], now + 365 * DAY);
    database.reopen();
    assert.equal(new RetentionHorizon(database.db, DAILY_MS).next(now + 365 * DAY), now + 4 * DAY);
  });

  test('catches up after a long time off', () => {
    using database = withNewest(now);
    runAt(new RetentionHorizon(database.db, DAILY_MS), now);
    const later = now + 20 * DAY;
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    const kept = Array.from({ length: 21 }, (_, run) => runAt(horizon, later + run * DAY));
    assert.deepEqual(kept.slice(0, 3), [18, 17, 16]);
    assert.deepEqual(kept.slice(-3), [0, 0, 0]);
  });

  test('takes another interval at once', () => {
    using database = withNewest(now);
    const horizon = new RetentionHorizon(database.db, DAILY_MS);
    horizon.adopt(10 * DAILY_MS);
    assert.equal(horizon.next(now + 365 * DAY), now + 20 * DAY);
  });
});
