import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backoff } from '../../client/backoff.ts';

const ceilings = [25, 50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];

describe('backoff', () => {
  test('the ceiling doubles from 25 ms to 2 s and stays there', (t) => {
    t.mock.method(Math, 'random', () => 1);
    const backoff = new Backoff();
    assert.deepEqual(
      ceilings.map(() => backoff.next()),
      ceilings,
    );
  });

  test('each pause is a random part of its ceiling', (t) => {
    const random = t.mock.method(Math, 'random', () => 0.25);
    const backoff = new Backoff();
    assert.deepEqual(
      ceilings.map(() => backoff.next()),
      ceilings.map((ceiling) => ceiling / 4),
    );
    assert.equal(random.mock.callCount(), ceilings.length);
    random.mock.mockImplementation(() => 0);
    assert.equal(backoff.next(), 0);
  });

  test('a success starts it again', (t) => {
    t.mock.method(Math, 'random', () => 1);
    const backoff = new Backoff();
    for (const _ of ceilings) backoff.next();
    backoff.reset();
    assert.deepEqual([backoff.next(), backoff.next()], [25, 50]);
  });
});
