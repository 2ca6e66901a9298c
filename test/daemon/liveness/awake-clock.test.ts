import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AwakeClock } from '../../../daemon/liveness/awake-clock.ts';

const TICK_MS = 60_000;

function clockAt(startMs: number) {
  const time = { ms: startMs };
  return { time, clock: new AwakeClock(TICK_MS, () => time.ms) };
}

describe('AwakeClock', () => {
  test('starts at 0 and goes as time does, ticks a little late among it', () => {
    const { time, clock } = clockAt(5_000_000);
    assert.equal(clock.nowMs(), 0);
    for (const lateMs of [0, 3, 400]) {
      time.ms += TICK_MS + lateMs;
      clock.tick();
    }
    time.ms += 10;
    assert.equal(clock.nowMs(), 3 * TICK_MS + 413);
  });

  test('does not count a night in which no tick came, asked before the tick that is late or after it', () => {
    const { time, clock } = clockAt(0);
    time.ms += TICK_MS;
    clock.tick();
    time.ms += 20_000;
    assert.equal(clock.nowMs(), 80_000);
    time.ms += 8 * 3_600_000;
    assert.equal(clock.nowMs(), 80_000);
    clock.tick();
    assert.equal(clock.nowMs(), 80_000);
    time.ms += 500;
    assert.equal(clock.nowMs(), 80_500);
  });
});
