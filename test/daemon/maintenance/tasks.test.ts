import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Task, Tasks } from '../../../daemon/maintenance/tasks.ts';

describe('Tasks', () => {
  test('does one slice a turn, one task after the other, and settles with what each returns or throws', async () => {
    let slices = 0;
    const tasks = new Tasks(() => {
      slices += 1;
    });
    const seen: string[] = [];
    const task = function* (name: string, steps: number): Task<string> {
      for (let step = 1; step <= steps; step += 1) {
        seen.push(`${name}${step}`);
        yield;
      }
      if (name === 'bad') throw new Error('no');
      return name;
    };
    const all = Promise.allSettled([tasks.run(task('a', 2)), tasks.run(task('bad', 1)), tasks.run(task('c', 1))]);
    await turn();
    assert.deepEqual(seen, ['a1']);
    const [a, bad, c] = await all;
    assert.deepEqual(
      [a, c],
      [
        { status: 'fulfilled', value: 'a' },
        { status: 'fulfilled', value: 'c' },
      ],
    );
    assert.equal(bad?.status, 'rejected');
    assert.deepEqual(seen, ['a1', 'a2', 'bad1', 'c1']);
    // The last slice of each ends it; the one that threw committed nothing.
    assert.equal(slices, 6);
  });

  test('does nothing more once stopped', async () => {
    const tasks = new Tasks();
    let slices = 0;
    void tasks.run(
      (function* (): Task<void> {
        for (;;) {
          slices += 1;
          yield;
        }
      })(),
    );
    await turn();
    await turn();
    tasks.stop();
    const before = slices;
    assert.ok(before > 0);
    await turn();
    await turn();
    assert.equal(slices, before);
  });
});
