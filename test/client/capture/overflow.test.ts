import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { noticeQueueLength } from '../../../client/capture/loss-guard.ts';
import { startCapture } from './capture-trial.ts';
import { listTree, replay } from './trees.ts';
import { waitFor } from './wait-for.ts';

describe('captureFiles: more notices than the kernel keeps', () => {
  const queueLength = noticeQueueLength();
  const skip =
    process.platform !== 'linux'
      ? 'the kernel queue is inotify’s'
      : queueLength > 50_000 && `the kernel keeps ${queueLength} notices: too many to overflow in a test`;

  it('finds what the lost notices were about, in directories that gave none', { skip }, async (t) => {
    const trial = await startCapture(t, (root) => {
      for (const name of ['busy', 'lost', 'replaced', 'deleted'])
        mkdirSync(join(root, name, 'below'), { recursive: true });
      writeFileSync(join(root, 'lost', 'below', 'old'), 'x');
      writeFileSync(join(root, 'deleted', 'below', 'old'), 'x');
    });
    const before = [...listTree(trial.root).keys()];
    // All in one turn, so that nothing reads the queue. Names change because equal notices in a row are merged.
    for (let notice = 0; notice < queueLength + 100; notice += 1)
      writeFileSync(trial.path('busy', `f${notice % 2}`), 'x');
    writeFileSync(trial.path('lost', 'below', 'new'), 'x');
    writeFileSync(trial.path('lost', 'below', 'old'), 'longer');
    rmSync(trial.path('deleted'), { recursive: true });
    mkdirSync(trial.path('other', 'below'), { recursive: true });
    writeFileSync(trial.path('other', 'below', 'file'), 'x');
    rmSync(trial.path('replaced'), { recursive: true });
    renameSync(trial.path('other'), trial.path('replaced'));

    await trial.waitForActions(['lost', 'below', 'new'], ['create']);
    await trial.waitForActions(['lost', 'below', 'old'], ['modify']);
    await trial.waitForActions(['replaced', 'below', 'file'], ['create']);
    await waitFor('the index to be right', () => {
      assert.deepEqual(replay(before, trial.events), new Set(listTree(trial.root).keys()));
    });
    assert.ok(trial.capture.counters.overflows >= 1);
    // The watches hold, the replaced ones too.
    writeFileSync(trial.path('replaced', 'below', 'later'), 'x');
    await trial.waitForActions(['replaced', 'below', 'later'], ['create']);
    writeFileSync(trial.path('lost', 'below', 'later'), 'x');
    await trial.waitForActions(['lost', 'below', 'later'], ['create']);
  });
});
