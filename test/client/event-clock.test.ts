import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventClock } from '../../client/event-clock.ts';

/** A time of day that float64 holds to the microsecond. */
const NOW_MS = 1_900_000_000_123;

describe('event clock', () => {
  test('gives seconds since 1970', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW_MS });
    assert.equal(new EventClock().now(), NOW_MS / 1000);
  });

  test('1,000 stamps of one millisecond differ, grow, and stay within it', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW_MS });
    const clock = new EventClock();
    const stamps = Array.from({ length: 1_000 }, () => clock.now());
    assert.equal(new Set(stamps).size, 1_000);
    assert.deepEqual(
      stamps,
      stamps.toSorted((a, b) => a - b),
    );
    assert.ok((stamps.at(-1) ?? Number.NaN) < (NOW_MS + 1) / 1000);
  });

  test('past that it stays in the millisecond rather than run ahead', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW_MS });
    const clock = new EventClock();
    for (let n = 0; n < 5_000; n += 1) assert.ok(clock.now() < (NOW_MS + 1) / 1000);
  });

  test('follows the clock, forwards and backwards', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW_MS });
    const clock = new EventClock();
    clock.now();
    clock.now();
    t.mock.timers.setTime(NOW_MS + 7);
    assert.equal(clock.now(), (NOW_MS + 7) / 1000);
    t.mock.timers.setTime(NOW_MS - 60_000);
    assert.equal(clock.now(), (NOW_MS - 60_000) / 1000);
  });
});
