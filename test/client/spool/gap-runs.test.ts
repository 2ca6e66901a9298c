import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GapRun, GapRuns } from '../../../client/spool/gap-runs.ts';
import { checkProperty } from '../../harness/property.ts';

const run = (from: number, to = from, source = 'a', reason = 'spool_full'): GapRun => ({
  from,
  to,
  source,
  since: from,
  until: to,
  reason,
});
const never = () => false;

describe('runs of numbers that will not come', () => {
  test('are one when they follow each other with one source and reason', () => {
    const runs = new GapRuns(10);
    for (const added of [run(1), run(2), run(3, 5), run(6, 6, 'b'), run(7, 7, 'b', 'buffer_full'), run(9)]) {
      runs.add(added, never);
    }
    assert.deepEqual(runs.list, [run(1, 5), run(6, 6, 'b'), run(7, 7, 'b', 'buffer_full'), run(9)]);
  });

  test('stay as they are while they are being reported', () => {
    const runs = new GapRuns(10);
    const first = run(1);
    runs.add(first, never);
    runs.add(run(2), (other) => other === first);
    assert.deepEqual(runs.list, [run(1), run(2)]);
    runs.delete(first);
    assert.deepEqual(runs.list, [run(2)]);
  });

  test('past the bound the closest become one, without a source if theirs differ', () => {
    const runs = new GapRuns(3);
    for (const added of [run(1), run(100), run(200), run(201, 201, 'b')]) runs.add(added, never);
    const { source: _none, ...merged } = run(200, 201);
    assert.deepEqual(runs.list, [run(1), run(100), merged]);
    runs.add(run(103), never);
    assert.deepEqual(runs.list, [run(1), run(100, 103), merged]);
  });

  test('whatever is added, in any order: bounded, by number, every number is in one, and few others', async (t) => {
    const added = fc.array(
      fc.record({
        from: fc.integer({ min: 1, max: 500 }),
        length: fc.integer({ min: 1, max: 20 }),
        source: fc.constantFrom('a', 'b'),
      }),
      { maxLength: 60 },
    );
    await checkProperty(
      t,
      fc.property(added, fc.integer({ min: 2, max: 60 }), (list, max) => {
        const runs = new GapRuns(max);
        const numbers = new Set<number>();
        for (const { from, length, source } of list) {
          runs.add(run(from, from + length - 1, source), never);
          for (let n = from; n < from + length; n += 1) numbers.add(n);
        }
        assert.ok(runs.list.length <= max);
        const froms = runs.list.map(({ from }) => from);
        assert.deepEqual(
          froms,
          froms.toSorted((a, b) => a - b),
        );
        for (const n of numbers) assert.ok(runs.list.some(({ from, to }) => from <= n && n <= to));
        if (list.length > max) return;
        const covered = runs.list.reduce((sum, { from, to }) => sum + to - from + 1, 0);
        assert.ok(covered >= numbers.size);
        for (const { from, to } of runs.list) for (let n = from; n <= to; n += 1) assert.ok(numbers.has(n));
      }),
      300,
    );
  });
});
