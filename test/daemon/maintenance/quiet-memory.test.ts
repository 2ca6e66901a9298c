import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cachedDataVersionTag } from 'node:v8';
import { collectGarbage, QuietMemory } from '../../../daemon/maintenance/quiet-memory.ts';
import { waitFor } from '../../harness/wait-for.ts';

const QUIET_MS = 5_000;

describe('QuietMemory', () => {
  test('gives back once after a burst, when it is quiet, and not for a little', async (t) => {
    // The timer of node:test cannot be refreshed, so this one is real and 200 times as fast.
    const { setTimeout: realSetTimeout } = globalThis;
    let timers = 0;
    t.mock.method(globalThis, 'setTimeout', (run: () => void, ms = 0) => {
      if (ms === QUIET_MS) timers += 1;
      return realSetTimeout(run, ms / 200);
    });
    let times = 0;
    const memory = new QuietMemory(() => {
      times += 1;
    });
    t.after(() => memory.stop());
    for (let n = 0; n < 9; n += 1) memory.note(1_000);
    assert.equal(timers, 0);
    memory.note(1_000);
    memory.note(50_000);
    assert.deepEqual([timers, times], [1, 0]);
    await waitFor('memory to be given back', () => times === 1);
    memory.note(9_999);
    assert.equal(timers, 1);
    memory.note(1);
    assert.equal(timers, 2);
    await waitFor('memory to be given back again', () => times === 2);
  });
});

describe('collectGarbage', () => {
  test('collects in a process without a flag for it, and leaves its flags as they were', async () => {
    const tag = cachedDataVersionTag();
    const garbage = new WeakRef({});
    // Until the end of the turn it would be kept.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    assert.equal(garbage.deref(), undefined);
    assert.equal(cachedDataVersionTag(), tag);
  });
});
