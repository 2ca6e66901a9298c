import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startCapture, temporaryDirectory } from './capture-trial.ts';
import { listTree, makeTree, replay } from './trees.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

describe('captureFiles: trees', () => {
  it('records every directory and file of a deep tree made at once', async (t) => {
    const trial = await startCapture(t);
    const names = Array.from({ length: 40 }, (_, depth) => `level-${depth}`);
    mkdirSync(trial.path(...names), { recursive: true });
    for (let depth = 1; depth <= names.length; depth += 1)
      writeFileSync(trial.path(...names.slice(0, depth), 'f'), 'x');
    await waitFor('80 events', () => trial.events.length >= 80);
    assert.deepEqual(replay([], trial.events), new Set(listTree(trial.root).keys()));
    assert.equal(trial.events.length, 80);
    assert.equal(trial.capture.counters.directoriesWatched, 41);
    // Still watched down there?
    writeFileSync(trial.path(...names, 'later'), 'x');
    await trial.waitForActions([...names, 'later'], ['create']);
  });

  it('records the deletion of every known path below a deleted directory, leaves first', async (t) => {
    const trial = await startCapture(t, (root) => makeTree(join(root, 'tree'), { directories: 20, filesEach: 5 }));
    const before = [...listTree(trial.root).keys()];
    rmSync(trial.path('tree'), { recursive: true });
    await waitFor('all deletions', () => trial.events.length >= before.length);
    assert.deepEqual(
      new Set(trial.events.map((event) => event.action + event.path)),
      new Set(before.map((p) => `delete${p}`)),
    );
    const position = new Map(trial.events.map((event, index) => [event.path, index]));
    for (const [path, index] of position) {
      const above = position.get(join(path, '..'));
      assert.ok(above === undefined || above > index, path);
    }
    assert.equal(trial.capture.counters.filesKnown, 0);
    assert.equal(trial.capture.counters.directoriesWatched, 1);
  });

  it('records a tree moved in, renamed and moved out, and notices changes after each', async (t) => {
    const outside = temporaryDirectory(t);
    makeTree(join(outside, 'tree'), { directories: 20, filesEach: 5 });
    const size = listTree(outside).size;
    const trial = await startCapture(t);

    renameSync(join(outside, 'tree'), trial.path('in'));
    await waitFor('creations', () => trial.events.length >= size);
    assert.deepEqual(replay([], trial.events), new Set(listTree(trial.root).keys()));

    renameSync(trial.path('in'), trial.path('renamed'));
    await waitFor('deletions and creations', () => trial.events.length >= 3 * size);
    assert.deepEqual(replay([], trial.events), new Set(listTree(trial.root).keys()));
    writeFileSync(trial.path('renamed', 'd0', 'later'), 'x');
    await trial.waitForActions(['renamed', 'd0', 'later'], ['create']);

    renameSync(trial.path('renamed'), join(outside, 'tree'));
    await waitFor('deletions', () => trial.events.length >= 4 * size + 2);
    assert.equal(replay([], trial.events).size, 0);
    assert.equal(trial.capture.counters.directoriesWatched, 1);
    writeFileSync(join(outside, 'tree', 'd0', 'unseen'), 'x');
    writeFileSync(trial.path('seen'), 'x');
    await trial.waitForActions(['seen'], ['create']);
    await trial.waitForRescan();
    assert.equal(trial.events.length, 4 * size + 3);
  });

  it('notices that two directories changed places', async (t) => {
    const trial = await startCapture(t, (root) => {
      for (const name of ['a', 'b']) {
        mkdirSync(join(root, name, 'sub'), { recursive: true });
        writeFileSync(join(root, name, 'sub', `only-${name}`), 'x');
      }
    });
    renameSync(trial.path('a'), trial.path('swap'));
    renameSync(trial.path('b'), trial.path('a'));
    renameSync(trial.path('swap'), trial.path('b'));
    await trial.waitForActions(['a', 'sub', 'only-b'], ['create']);
    await trial.waitForActions(['b', 'sub', 'only-a'], ['create']);
    await trial.waitForActions(['a', 'sub', 'only-a'], ['delete']);
    await trial.waitForActions(['b', 'sub', 'only-b'], ['delete']);
    // More than once: the first time, the rescan after the swap may find it although the watch is on the wrong directory.
    for (const name of ['later', 'still-later', 'last']) {
      writeFileSync(trial.path('a', 'sub', name), 'x');
      await trial.waitForActions(['a', 'sub', name], ['create']);
      await trial.waitForRescan();
      assert.deepEqual(trial.actions('b', 'sub', name), []);
    }
  });

  it('watches a directory that was deleted and made anew at once', async (t) => {
    const trial = await startCapture(t, (root) => mkdirSync(join(root, 'a', 'b'), { recursive: true }));
    for (let round = 0; round < 20; round += 1) {
      rmSync(trial.path('a'), { recursive: true });
      mkdirSync(trial.path('a', 'b'), { recursive: true });
      writeFileSync(trial.path('a', 'b', `round-${round}`), 'x');
      // Every other round is left to settle in part.
      if (round % 2 === 1) await trial.waitForActions(['a', 'b', `round-${round}`], ['create']);
    }
    assert.deepEqual(
      replay([trial.path('a'), trial.path('a', 'b')], trial.events),
      new Set(listTree(trial.root).keys()),
    );
  });

  it('records everything that cp -r copies', async (t) => {
    const outside = temporaryDirectory(t);
    makeTree(join(outside, 'tree'), { directories: 400, filesEach: 10 });
    const trial = await startCapture(t);
    await run('cp', ['-r', join(outside, 'tree'), trial.path('copy')]);
    const expected = new Set(listTree(trial.root).keys());
    assert.equal(expected.size, 4_401);
    await waitFor('all creations', () => trial.capture.counters.recorded.create >= expected.size);
    assert.deepEqual(replay([], trial.events), expected);
    assert.deepEqual(trial.capture.counters.recorded, {
      create: 4_401,
      modify: trial.events.length - 4_401,
      delete: 0,
    });
  });

  it('records everything that is copied while the copy before it is deleted', async (t) => {
    const outside = temporaryDirectory(t);
    makeTree(join(outside, 'tree'), { directories: 50, filesEach: 10 });
    const trial = await startCapture(t);
    for (const round of [0, 1, 2, 3]) {
      const staged = trial.path(`.staged-${round}`);
      await run('cp', ['-r', join(outside, 'tree'), staged]);
      await run('rm', ['-rf', trial.path('current')]);
      await run('mv', [staged, trial.path('current')]);
    }
    await waitFor('the index to be true', () => {
      assert.deepEqual(replay([], trial.events), new Set(listTree(trial.root).keys()));
    });
  });
});

describe('captureFiles: a root that vanishes', () => {
  for (const [how, vanish] of [
    ['deleted', (path: string) => rmSync(path, { recursive: true })],
    ['moved', (path: string) => renameSync(path, `${path}-moved`)],
    [
      'moved and a link put in its place',
      (path: string) => {
        renameSync(path, `${path}-moved`);
        symlinkSync(`${path}-moved`, path);
      },
    ],
  ] as const) {
    it(`is reported with deletions when it is ${how}`, async (t) => {
      const parent = temporaryDirectory(t);
      const root = join(parent, 'root');
      makeTree(root, { directories: 3, filesEach: 2 });
      const known = [root, ...listTree(root).keys()];
      const trial = await startCapture(t, () => {}, { directories: [root] });
      vanish(root);
      await waitFor('deletions', () => trial.events.length >= known.length);
      assert.deepEqual(
        new Set(trial.events.map((event) => event.action + event.path)),
        new Set(known.map((p) => `delete${p}`)),
      );
      assert.deepEqual(trial.problems, [`${root} was deleted or moved: it is no longer captured`]);
      assert.equal(trial.capture.counters.directoriesWatched, 0);
    });
  }

  it('is noticed at the next change when a directory above it was moved and a link put in its place', async (t) => {
    const parent = temporaryDirectory(t);
    const root = join(parent, 'above', 'root');
    makeTree(root, { directories: 3, filesEach: 2 });
    const known = [root, ...listTree(root).keys()];
    const trial = await startCapture(t, () => {}, { directories: [root] });
    renameSync(join(parent, 'above'), join(parent, 'elsewhere'));
    symlinkSync('elsewhere', join(parent, 'above'));
    writeFileSync(join(parent, 'elsewhere', 'root', 'd0', 'new'), 'x');
    await waitFor('deletions', () => trial.events.length >= known.length);
    assert.deepEqual(
      new Set(trial.events.map((event) => event.action + event.path)),
      new Set(known.map((p) => `delete${p}`)),
    );
    assert.equal(trial.problems.length, 1);
  });
});
