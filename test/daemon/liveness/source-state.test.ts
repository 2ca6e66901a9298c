import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stateWithCadence, stateWithoutCadence } from '../../../daemon/liveness/source-state.ts';

describe('a source without a cadence', () => {
  test('is live for ten minutes after a commit, then idle, and never worse', () => {
    for (const [age, state] of [
      [-3_600, 'live'],
      [0, 'live'],
      [600, 'live'],
      [600.1, 'idle'],
      [1e9, 'idle'],
      [null, 'idle'],
    ] as const) {
      assert.equal(stateWithoutCadence(age), state, String(age));
    }
  });
});

describe('a source with a cadence', () => {
  test('is late after one and a half of it, and stalled after three', () => {
    for (const [silent, state] of [
      [0, 'live'],
      [90, 'live'],
      [90.1, 'late'],
      [180, 'late'],
      [180.1, 'stalled'],
    ] as const) {
      assert.equal(stateWithCadence(60, silent, 5), state, String(silent));
    }
  });

  test('has the time that an event may wait for its commit, however short it is', () => {
    for (const [cadence, timeout, live, late] of [
      [1, 5, 6, 11],
      [4, 5, 9, 14],
      [0.1, 0.05, 1.1, 2.1],
      [10, 5, 15, 30],
    ] as const) {
      assert.deepEqual(
        [live, live + 0.01, late, late + 0.01].map((silent) => stateWithCadence(cadence, silent, timeout)),
        ['live', 'late', 'late', 'stalled'],
        `every ${cadence} s, batches of ${timeout} s`,
      );
    }
  });
});
