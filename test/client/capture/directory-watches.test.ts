import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from './capture-trial.ts';
import { handmadeCapture } from './handmade-capture.ts';
import { waitFor } from './wait-for.ts';

describe('DirectoryWatches', () => {
  it('doubts the watch of a directory that was deleted, whatever lies at its path now', async (t) => {
    if (process.platform === 'darwin') return t.skip('FSEvents says nothing about the root itself');
    const path = join(temporaryDirectory(t), 'root');
    mkdirSync(path);
    const { parts, root, due } = handmadeCapture(t, path);
    assert.equal(parts.watches.attach(root), true);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    await waitFor('a rewatch', () => due.some(({ work }) => work.rewatch && work.scan));

    assert.equal(parts.watches.attach(root), true);
    writeFileSync(join(path, 'x'), 'x');
    await waitFor('a notice of the new one', () =>
      due.some(({ work }) => work.looks.has('x') || work.settledLooks.has('x')),
    );
  });

  it('says nothing after it was detached, and does not fail where nothing is', async (t) => {
    const path = join(temporaryDirectory(t), 'root');
    mkdirSync(path);
    const { parts, root, due, problems } = handmadeCapture(t, path);
    parts.watches.attach(root);
    assert.equal(parts.counters.directoriesWatched, 1);
    parts.watches.detach(root);
    parts.watches.detach(root);
    assert.equal(parts.counters.directoriesWatched, 0);
    rmSync(path, { recursive: true });
    assert.equal(parts.watches.attach(root), false);
    assert.equal(parts.counters.directoriesWatched, 0);
    assert.deepEqual(due, []);
    assert.deepEqual(problems, []);
  });
});
