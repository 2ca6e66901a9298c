import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkQueue } from '../../../client/capture/work-queue.ts';

/** A queue whose runs end when told to. */
function steered(width: number) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new WorkQueue<string>(width, (item) => {
    started.push(item);
    return new Promise((resolve) => ends.set(item, resolve));
  });
  const end = async (item: string): Promise<void> => {
    ends.get(item)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, started, end };
}

describe('WorkQueue', () => {
  it('runs a bounded number at once, in order', async () => {
    const { queue, started, end } = steered(2);
    for (const item of ['a', 'b', 'c', 'd']) queue.push(item);
    assert.deepEqual(started, ['a', 'b']);
    await end('b');
    assert.deepEqual(started, ['a', 'b', 'c']);
  });

  it('runs an item again when it was pushed during its run, once and not beside it', async () => {
    const { queue, started, end } = steered(2);
    queue.push('a');
    queue.push('a');
    queue.push('a');
    queue.push('b');
    assert.deepEqual(started, ['a', 'b']);
    await end('a');
    assert.deepEqual(started, ['a', 'b', 'a']);
    await end('a');
    assert.deepEqual(started, ['a', 'b', 'a']);
  });

  it('is idle when nothing runs or waits', async () => {
    const { queue, end } = steered(1);
    await queue.idle();
    queue.push('a');
    queue.push('b');
    let idle = false;
    const waiting = queue.idle().then(() => {
      idle = true;
    });
    await end('a');
    assert.equal(idle, false);
    await end('b');
    await waiting;
    assert.equal(idle, true);
  });

  it('forgets what has not begun when cleared', async () => {
    const { queue, started, end } = steered(1);
    queue.push('a');
    queue.push('b');
    queue.clear();
    const idle = queue.idle();
    await end('a');
    await idle;
    assert.deepEqual(started, ['a']);
  });
});
