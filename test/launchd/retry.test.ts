import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { retryWhile } from '../../launchd/retry.ts';
import { FakeClock } from './fake-clock.ts';

describe('retryWhile', () => {
  test('does not wait when the first attempt is good', async () => {
    const clock = new FakeClock();
    assert.equal(
      await retryWhile(
        clock,
        15_000,
        () => Promise.resolve('good'),
        (result) => result !== 'good',
      ),
      'good',
    );
    assert.deepEqual(clock.waitsMs, []);
  });

  test('waits longer and longer, and ends exactly at the limit', async () => {
    const clock = new FakeClock();
    let attempts = 0;
    const attempt = (): Promise<number> => Promise.resolve((attempts += 1));
    assert.equal(await retryWhile(clock, 15_000, attempt, () => true), 13);
    assert.deepEqual(clock.waitsMs, [250, 500, 1000, ...Array<number>(8).fill(1500), 1250]);
    assert.equal(clock.nowMs(), 15_000);
  });

  test('counts the time that attempts take', async () => {
    const clock = new FakeClock();
    const attempt = (): Promise<void> => clock.sleep(10_000);
    await retryWhile(clock, 15_000, attempt, () => true);
    assert.deepEqual(clock.waitsMs, [10_000, 250, 10_000]);
  });

  test('a rejected attempt ends it', async () => {
    const failing = retryWhile(
      new FakeClock(),
      15_000,
      () => Promise.reject(new Error('no such tool')),
      () => true,
    );
    await assert.rejects(failing, /no such tool/u);
  });
});
