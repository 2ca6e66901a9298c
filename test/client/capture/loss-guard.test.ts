import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LossGuard, noticeQueueLength } from '../../../client/capture/loss-guard.ts';
import { waitFor } from './wait-for.ts';

function newTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('LossGuard', () => {
  it('suspects a turn with as many notices as half the queue, and asks once when it is quiet', async () => {
    let suspicions = 0;
    let quiets = 0;
    const guard = new LossGuard(20, { onSuspicion: () => (suspicions += 1), onQuiet: () => (quiets += 1) });
    for (let turn = 0; turn < 5; turn += 1) {
      for (let notice = 0; notice < 9; notice += 1) guard.noticed();
      await newTurn();
    }
    assert.equal(suspicions, 0);
    for (let turn = 0; turn < 2; turn += 1) {
      for (let notice = 0; notice < 10; notice += 1) guard.noticed();
      await newTurn();
    }
    assert.equal(suspicions, 2);
    await waitFor('quiet', () => quiets > 0);
    assert.equal(quiets, 1);
  });

  it('does nothing after it was stopped', async () => {
    const guard = new LossGuard(2, { onSuspicion: () => assert.fail(), onQuiet: () => assert.fail() });
    guard.noticed();
    guard.stop();
    await newTurn();
  });

  it('knows how long the queue of this system is', () => {
    assert.ok(noticeQueueLength() >= 1);
  });
});
