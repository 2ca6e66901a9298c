import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { CommitRate } from '../../../daemon/ingest/commit-rate.ts';
import { checkProperty } from '../../harness/property.ts';

describe('CommitRate', () => {
  test('is the mean over the last 60 seconds', () => {
    const rate = new CommitRate();
    assert.equal(rate.perSecond(0), 0);
    rate.add(30, 500);
    rate.add(30, 900);
    assert.equal(rate.perSecond(900), 1);
    assert.equal(rate.perSecond(59_999), 1);
    assert.equal(rate.perSecond(60_000), 0);
  });

  test('forgets all after a long sleep, and starts late', () => {
    const rate = new CommitRate();
    rate.add(600, 1e9);
    assert.equal(rate.perSecond(1e9), 10);
    assert.equal(rate.perSecond(1e9 + 3_600_000), 0);
    rate.add(60, 1e9 + 3_600_000);
    assert.equal(rate.perSecond(1e9 + 3_600_000), 1);
  });

  test('agrees with a model', async (t) => {
    const steps = fc.array(fc.record({ events: fc.nat(100), afterMs: fc.nat(20_000) }), { maxLength: 60 });
    await checkProperty(
      t,
      fc.property(fc.nat(1_000_000), steps, (startMs, list) => {
        const rate = new CommitRate();
        const model: { second: number; events: number }[] = [];
        let nowMs = startMs;
        for (const { events, afterMs } of list) {
          nowMs += afterMs;
          rate.add(events, nowMs);
          const now = Math.floor(nowMs / 1000);
          model.push({ second: now, events });
          const recent = model.filter(({ second }) => second > now - 60).reduce((sum, each) => sum + each.events, 0);
          assert.equal(rate.perSecond(nowMs), recent / 60);
        }
      }),
      300,
    );
  });
});
