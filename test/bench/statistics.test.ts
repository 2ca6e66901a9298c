import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile, spread } from './statistics.ts';

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('a percentile is a value that occurred, by nearest rank', () => {
  const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(oneToHundred, 0.5), 50);
  assert.equal(percentile(oneToHundred, 0.99), 99);
  assert.equal(percentile(oneToHundred, 1), 100);
  assert.equal(percentile(oneToHundred, 0), 1);
  assert.equal(percentile([3, 1, 2], 0.99), 3);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('values are ordered as numbers, and stay as they were', () => {
  const values = [10, 9, 100];
  assert.deepEqual(spread(values), { min: 9, median: 10, max: 100 });
  assert.deepEqual(values, [10, 9, 100]);
});
