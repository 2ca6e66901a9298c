import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startCapture, temporaryDirectory } from './capture-trial.ts';
import { waitFor } from './wait-for.ts';

describe('captureFiles: files', () => {
  it('is silent about what was there before', async (t) => {
    const trial = await startCapture(t, (root) => {
      mkdirSync(join(root, 'a/b'), { recursive: true });
      writeFileSync(join(root, 'a/b/old'), 'old');
    });
    assert.equal(trial.capture.counters.directoriesWatched, 3);
    assert.equal(trial.capture.counters.filesKnown, 1);
    writeFileSync(trial.path('new'), '');
    await trial.waitForActions(['new'], ['create']);
    await trial.waitForRescan();
    assert.equal(trial.events.length, 1);
  });

  it('records create, modify and delete with kind and size', async (t) => {
    const trial = await startCapture(t);
    writeFileSync(trial.path('notes.TXT'), 'one');
    await trial.waitForActions(['notes.TXT'], ['create']);
    appendFileSync(trial.path('notes.TXT'), ' two');
    await trial.waitForActions(['notes.TXT'], ['create', 'modify']);
    rmSync(trial.path('notes.TXT'));
    await trial.waitForActions(['notes.TXT'], ['create', 'modify', 'delete']);
    assert.deepEqual(trial.events, [
      { action: 'create', path: trial.path('notes.TXT'), kind: 'file', size: 3 },
      { action: 'modify', path: trial.path('notes.TXT'), kind: 'file', size: 7 },
      { action: 'delete', path: trial.path('notes.TXT'), kind: 'file' },
    ]);
    assert.deepEqual(trial.capture.counters.recorded, { create: 1, modify: 1, delete: 1 });
    assert.equal(trial.capture.counters.filesKnown, 0);
  });

  it('records a modify of a file that existed before', async (t) => {
    const trial = await startCapture(t, (root) => writeFileSync(join(root, 'old'), '1'));
    writeFileSync(trial.path('old'), '2');
    await trial.waitForActions(['old'], ['modify']);
  });

  it('records a rename as delete and create', async (t) => {
    const trial = await startCapture(t, (root) => writeFileSync(join(root, 'before'), 'x'));
    renameSync(trial.path('before'), trial.path('after'));
    await trial.waitForActions(['before'], ['delete']);
    await trial.waitForActions(['after'], ['create']);
    assert.equal(trial.events.length, 2);
  });

  it('records a file replaced by a rename as one modify', async (t) => {
    const trial = await startCapture(t, (root) => writeFileSync(join(root, 'saved'), 'same'));
    writeFileSync(trial.path('saved.tmp'), 'same');
    utimesSync(trial.path('saved.tmp'), 1, 1);
    renameSync(trial.path('saved.tmp'), trial.path('saved'));
    await trial.waitForActions(['saved'], ['modify']);
    await trial.waitForRescan();
    assert.deepEqual(trial.actions('saved.tmp'), []);
    assert.ok(trial.capture.counters.vanished >= 1);
  });

  it('coalesces many small writes and knows the last', async (t) => {
    const trial = await startCapture(t);
    for (let step = 0; step < 2_000; step += 1) appendFileSync(trial.path('log'), 'line\n');
    await waitFor('the final size', () => trial.events.at(-1)?.size === 10_000);
    assert.ok(trial.events.length <= 5, `${trial.events.length} events`);
  });

  it('does not take a change of mode or of the number of links for a modify', async (t) => {
    const trial = await startCapture(t, (root) => writeFileSync(join(root, 'file'), 'x'));
    chmodSync(trial.path('file'), 0o600);
    linkSync(trial.path('file'), trial.path('second-link'));
    await trial.waitForActions(['second-link'], ['create']);
    await trial.waitForRescan();
    assert.deepEqual(trial.actions('file'), []);
  });

  it('finds by its rescan what gave no notice', async (t) => {
    const outside = temporaryDirectory(t);
    const trial = await startCapture(t, (root) => {
      writeFileSync(join(root, 'linked'), 'x');
      linkSync(join(root, 'linked'), join(outside, 'linked'));
    });
    // The kernel tells the directory through which a file is written, not the others that link to it.
    writeFileSync(join(outside, 'linked'), 'longer');
    writeFileSync(trial.path('neighbour'), 'x');
    await trial.waitForActions(['linked'], ['modify']);
    assert.ok(trial.capture.counters.rescans >= 1);
  });

  it('tells a file that became a directory from a modify', async (t) => {
    const trial = await startCapture(t, (root) => writeFileSync(join(root, 'thing'), 'x'));
    rmSync(trial.path('thing'));
    mkdirSync(trial.path('thing'));
    writeFileSync(trial.path('thing/inside'), 'x');
    await trial.waitForActions(['thing', 'inside'], ['create']);
    const kinds = trial.events
      .filter(({ path }) => path === trial.path('thing'))
      .map(({ action, kind }) => action + kind);
    assert.deepEqual(kinds, ['deletefile', 'createdirectory']);
  });

  it('does not follow symbolic links and records them as links', async (t) => {
    const trial = await startCapture(t, (root) => {
      mkdirSync(join(root, 'real'));
      symlinkSync('real', join(root, 'old-link'));
    });
    symlinkSync('real', trial.path('new-link'));
    symlinkSync('nowhere', trial.path('dangling'));
    symlinkSync('..', trial.path('real', 'loop'));
    writeFileSync(trial.path('old-link/file'), 'x');
    await trial.waitForActions(['real', 'file'], ['create']);
    await trial.waitForActions(['real', 'loop'], ['create']);
    rmSync(trial.path('old-link'));
    symlinkSync('elsewhere', trial.path('old-link'));
    await waitFor('the link to be replaced', () => trial.actions('old-link').length > 0);
    await trial.waitForRescan();
    assert.equal(readlinkSync(trial.path('old-link')), 'elsewhere');
    assert.deepEqual(
      trial.events.map(({ action, path, kind }) => `${action} ${path.slice(trial.root.length + 1)} ${kind}`).toSorted(),
      [
        'create dangling link',
        'create new-link link',
        'create real/file file',
        'create real/loop link',
        'modify old-link link',
      ],
    );
  });
});

describe('captureFiles: close', () => {
  it('records nothing afterwards, not even what was already noticed', async (t) => {
    const trial = await startCapture(t);
    writeFileSync(trial.path('first'), '');
    await trial.waitForActions(['first'], ['create']);
    for (let index = 0; index < 500; index += 1) writeFileSync(trial.path(`file-${index}`), '');
    await waitFor('the first of many', () => trial.events.length > 1);
    const closing = trial.capture.close();
    const atClose = trial.events.length;
    await closing;
    writeFileSync(trial.path('late'), '');
    assert.equal(trial.capture.counters.directoriesWatched, 0);
    const other = await startCapture(t);
    writeFileSync(other.path('x'), '');
    await other.waitForActions(['x'], ['create']);
    assert.equal(trial.events.length, atClose);
    await trial.capture.close();
  });
});
