import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startCapture } from './capture-trial.ts';
import { makeTree } from './trees.ts';

// The way macOS is watched: one recursive watch per root. Where node builds `recursive` itself (Linux), this exercises
// everything but FSEvents; what node's own version misses in new directories is not asked for here.
describe('captureFiles with one watch per tree', () => {
  it('records what happens to files at any depth', async (t) => {
    const trial = await startCapture(
      t,
      (root) => {
        makeTree(join(root, 'tree'), { directories: 20, filesEach: 2 });
        mkdirSync(join(root, 'tree', 'node_modules'));
      },
      { watchScope: 'tree', ignoreNames: ['node_modules'] },
    );
    assert.equal(trial.capture.counters.directoriesWatched, 22);
    writeFileSync(trial.path('tree', 'node_modules', 'unseen'), 'x');
    writeFileSync(trial.path('tree', 'd0', 'd7', 'new'), 'x');
    await trial.waitForActions(['tree', 'd0', 'd7', 'new'], ['create']);
    writeFileSync(trial.path('tree', 'd0', 'd7', 'new'), 'xyz');
    await trial.waitForActions(['tree', 'd0', 'd7', 'new'], ['create', 'modify']);
    renameSync(trial.path('tree', 'd0', 'd7', 'new'), trial.path('tree', 'd0', 'newer'));
    await trial.waitForActions(['tree', 'd0', 'd7', 'new'], ['create', 'modify', 'delete']);
    await trial.waitForActions(['tree', 'd0', 'newer'], ['create']);
    assert.equal(trial.events.length, 4);
  });

  it('records trees that are made, renamed and deleted', async (t) => {
    const trial = await startCapture(t, () => {}, { watchScope: 'tree' });
    mkdirSync(trial.path('a', 'b', 'c'), { recursive: true });
    writeFileSync(trial.path('a', 'b', 'c', 'file'), 'x');
    await trial.waitForActions(['a', 'b', 'c', 'file'], ['create']);
    assert.equal(trial.capture.counters.directoriesWatched, 4);
    renameSync(trial.path('a'), trial.path('z'));
    await trial.waitForActions(['z', 'b', 'c', 'file'], ['create']);
    await trial.waitForActions(['a', 'b', 'c', 'file'], ['create', 'delete']);
    rmSync(trial.path('z'), { recursive: true });
    await trial.waitForActions(['z'], ['create', 'delete']);
    assert.deepEqual(trial.actions('z', 'b', 'c', 'file'), ['create', 'delete']);
    assert.equal(trial.capture.counters.directoriesWatched, 1);
    await trial.capture.close();
    assert.equal(trial.capture.counters.directoriesWatched, 0);
  });
});
