import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './capture-trial.ts';
import { handmadeCapture, knownDirectory } from './handmade-capture.ts';
import { waitFor } from './wait-for.ts';

/** A capture that knows root/p/q/x, all of it recorded. */
async function knowingTree(t: TestContext) {
  const path = join(temporaryDirectory(t), 'root');
  mkdirSync(join(path, 'p', 'q'), { recursive: true });
  symlinkSync('nowhere', join(path, 'p', 'q', 'x')); // not a file, so that its youth does not matter
  const capture = handmadeCapture(t, path);
  capture.root.pending.scan = true;
  await capture.workThrough(capture.root);
  const p = knownDirectory(capture.root, 'p');
  const q = knownDirectory(p, 'q');
  assert.deepEqual(capture.recorded.splice(0), ['create p directory', 'create p/q directory', 'create p/q/x link']);
  return { ...capture, path, p, q };
}

describe('Reconciler, when the tree changes under its hands', () => {
  it('looks again when quiet at a directory whose file was away because a directory above was', async (t) => {
    const { reconciler, path, q, due, recorded } = await knowingTree(t);
    renameSync(join(path, 'p'), join(path, 'elsewhere'));
    q.pending.looks.add('x');
    await reconciler.work(q);
    renameSync(join(path, 'elsewhere'), join(path, 'p'));
    assert.deepEqual(recorded, ['delete p/q/x link']);

    await waitFor('the rescan of q', () => due.some(({ directory, work }) => directory === q && work.scan));
    q.pending.scan = true;
    await reconciler.work(q);
    assert.deepEqual(recorded, ['delete p/q/x link', 'create p/q/x link']);
  });

  it('records nothing through a symbolic link that took the place of the directory or one above', async (t) => {
    const { reconciler, path, p, q, recorded, due } = await knowingTree(t);
    renameSync(join(path, 'p'), join(path, 'elsewhere'));
    symlinkSync('elsewhere', join(path, 'p'));
    writeFileSync(join(path, 'elsewhere', 'new'), 'x');
    symlinkSync('nowhere', join(path, 'elsewhere', 'q', 'new'));
    for (const directory of [p, q]) {
      directory.pending.looks.add('new');
      await reconciler.work(directory);
      await waitFor('a rescan', () => due.some((one) => one.directory === directory && one.work.scan));
      directory.pending.scan = true;
      await reconciler.work(directory);
    }
    assert.deepEqual(recorded, []);
  });

  it('has the parent find out what became of a directory that is gone, up to the root', async (t) => {
    const { workThrough, path, q, recorded, problems } = await knowingTree(t);
    renameSync(path, `${path}-moved`);
    q.pending.scan = true;
    await workThrough(q);
    assert.deepEqual(recorded, [
      'delete p/q/x link',
      'delete p/q directory',
      'delete p directory',
      'delete  directory',
    ]);
    assert.deepEqual(problems, [`${path} was deleted or moved: it is no longer captured`]);
  });

  it('watches anew and compares a directory that another one replaced', async (t) => {
    const { workThrough, path, q, recorded } = await knowingTree(t);
    const watcher = q.watcher;
    rmSync(join(path, 'p', 'q'), { recursive: true });
    mkdirSync(join(path, 'p', 'q'));
    symlinkSync('nowhere', join(path, 'p', 'q', 'y'));
    q.pending.scan = true;
    await workThrough(q);
    assert.deepEqual(recorded, ['create p/q/y link', 'delete p/q/x link']);
    assert.notEqual(q.watcher, watcher);
  });

  it('stops without a word when its directory is gone', async (t) => {
    const { reconciler, parts, path, p, q, recorded } = await knowingTree(t);
    rmSync(join(path, 'p'), { recursive: true });
    q.pending.scan = true;
    const working = reconciler.work(q);
    parts.removal.retire(p);
    await working;
    assert.deepEqual(recorded, []);
    assert.equal(q.watcher, undefined);
  });

  it('records each deletion once when two removals overlap', async (t) => {
    const { parts, path, root, p, recorded } = await knowingTree(t);
    rmSync(join(path, 'p'), { recursive: true });
    await Promise.all([parts.removal.remove(p, 'q'), parts.removal.remove(root, 'p'), parts.removal.removeRoot(root)]);
    assert.deepEqual(recorded.toSorted(), [
      'delete  directory',
      'delete p directory',
      'delete p/q directory',
      'delete p/q/x link',
    ]);
  });
});
