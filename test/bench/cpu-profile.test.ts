import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfTimes } from './cpu-profile.ts';

test('self time is that of the samples of a function, without waiting', () => {
  const node = (id: number, functionName: string, url = '') => ({
    id,
    callFrame: { functionName, url, lineNumber: 9 },
  });
  const { rows, busyMs } = selfTimes({
    nodes: [node(1, '(idle)'), node(2, 'decode', 'file:///x/shared/codec.js'), node(3, '(garbage collector)')],
    samples: [1, 2, 3, 2, 1],
    timeDeltas: [500, 1_000, 2_000, 3_000, 4_000],
  });
  assert.deepEqual(rows, [
    { what: 'decode shared/codec.js:10', ms: 6 },
    { what: '(garbage collector)', ms: 3 },
  ]);
  assert.equal(busyMs, 9);
});
