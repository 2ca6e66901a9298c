import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Activity } from '../../../client/capture/activity.ts';
import { captureTiming } from '../../../client/capture/timing.ts';

const { settleMs, longestWriteMs } = captureTiming;
const quietMs = 500;

/** What is due at a time, in short: entries, then =contents, then scan and rewatch. */
function due(activity: Activity, nowMs: number): string {
  const { looks, settledLooks, scan, rewatch, finished } = activity.takeDue(nowMs);
  const parts = [...looks, ...[...settledLooks].map((name) => `=${name}`)];
  if (scan) parts.push('scan');
  if (rewatch) parts.push('rewatch');
  if (finished) parts.push('finished');
  return parts.join(' ');
}

describe('Activity', () => {
  it('looks at entries a fixed time after the first, then rescans when quiet, then is finished', () => {
    const activity = new Activity(quietMs);
    activity.entry('a', 0);
    activity.entry('b', settleMs - 1);
    assert.equal(activity.nextDueMs(), settleMs);
    assert.equal(due(activity, settleMs - 1), '');
    assert.equal(due(activity, settleMs), 'a b');
    assert.equal(activity.nextDueMs(), settleMs - 1 + quietMs);
    assert.equal(due(activity, settleMs - 1 + quietMs), 'scan finished');
  });

  it('looks at contents when the writing pauses', () => {
    const activity = new Activity(quietMs);
    for (let ms = 0; ms <= 300; ms += 10) {
      activity.content('a', ms);
      assert.equal(due(activity, ms), '');
    }
    assert.equal(due(activity, 300 + settleMs), '=a');
    assert.equal(due(activity, 300 + quietMs), 'scan finished');
  });

  it('looks at contents now and then while the writing does not pause', () => {
    const activity = new Activity(quietMs);
    const looks: number[] = [];
    for (let ms = 0; ms <= 3_500; ms += 10) {
      activity.content('a', ms);
      if (due(activity, ms) === '=a') looks.push(ms);
    }
    assert.deepEqual(looks, [longestWriteMs, 2 * longestWriteMs + 10, 3 * longestWriteMs + 20]);
  });

  it('looks once at a name that is new and written to', () => {
    const activity = new Activity(quietMs);
    activity.entry('a', 0);
    activity.content('a', 1);
    activity.entry('a', 2);
    assert.equal(due(activity, settleMs), '');
    assert.equal(due(activity, settleMs + 1), '=a');
  });

  it('rewatches soon when in doubt, and rescans once more when quiet', () => {
    const activity = new Activity(quietMs);
    activity.doubt(0);
    activity.doubt(10);
    assert.equal(due(activity, settleMs), 'scan rewatch');
    assert.equal(due(activity, 10 + quietMs), 'scan finished');
  });

  it('leaves nothing behind when everything is due at once', () => {
    const activity = new Activity(quietMs);
    activity.entry('a', 0);
    activity.content('b', 0);
    activity.doubt(0);
    assert.equal(due(activity, 10_000), 'a =b scan rewatch finished');
  });

  it('starts over when something is noticed after it was finished', () => {
    const activity = new Activity(quietMs);
    activity.rescan(0);
    assert.equal(due(activity, quietMs), 'scan finished');
    activity.entry('a', quietMs + 1);
    assert.equal(activity.nextDueMs(), quietMs + 1 + settleMs);
  });
});
