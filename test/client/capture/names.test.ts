import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { captureFiles } from '../../../client/capture/files.ts';
import { startCapture, temporaryDirectory } from './capture-trial.ts';
import { waitFor } from './wait-for.ts';

describe('captureFiles: odd names', () => {
  const oddNames = [
    'Grüße aus Kraków 🗂️',
    'e\u0301', // decomposed: macOS file systems and Linux ones treat it differently, the path must stay as it is
    '日本語.txt',
    'two\nlines',
    '-rf',
    '*?[a]',
    ' leading and trailing ',
    'quote\'"`',
    'back\\slash',
    '...',
    '%2e%2e',
    '\u0001\u007f',
    '__proto__',
    'constructor',
    'a'.repeat(255),
  ];
  for (const name of oddNames) {
    it(`keeps ${JSON.stringify(name.slice(0, 30))} as a file and as a directory`, async (t) => {
      const trial = await startCapture(t);
      writeFileSync(trial.path(name), 'x');
      await trial.waitForActions([name], ['create']);
      rmSync(trial.path(name));
      await trial.waitForActions([name], ['create', 'delete']);
      mkdirSync(trial.path(name));
      writeFileSync(trial.path(name, name), 'x');
      await trial.waitForActions([name, name], ['create']);
      assert.deepEqual(trial.problems, []);
    });
  }

  it('handles a child that is called like its directory', async (t) => {
    const trial = await startCapture(t, (root) => mkdirSync(join(root, 'same')));
    for (let round = 0; round < 3; round += 1) {
      mkdirSync(trial.path('same', 'same'));
      writeFileSync(trial.path('same', 'same', 'same'), 'x');
      await waitFor('the file', () => trial.actions('same', 'same', 'same').length === 2 * round + 1);
      rmSync(trial.path('same', 'same'), { recursive: true });
      await waitFor('its deletion', () => trial.actions('same', 'same').length === 2 * round + 2);
    }
    assert.deepEqual(trial.actions('same'), []);
  });

  it('reports a name that is not UTF-8, invents no path for it and captures the rest', async (t) => {
    if (process.platform === 'darwin') return t.skip('macOS file systems refuse such names');
    const trial = await startCapture(t);
    writeFileSync(Buffer.concat([Buffer.from(`${trial.root}/bad-`), Buffer.from([0xff, 0xfe])]), 'x');
    writeFileSync(trial.path('good'), 'x');
    await trial.waitForActions(['good'], ['create']);
    await trial.waitForRescan();
    await waitFor('the report', () => trial.problems.length > 0);
    assert.deepEqual(trial.problems, [`${trial.root} holds a name that is not valid UTF-8: it is not captured`]);
    assert.equal(trial.events.length, 1);
  });
});

describe('captureFiles: what is skipped', () => {
  it('skips ignored names at any depth with everything below, wherever they come from', async (t) => {
    const trial = await startCapture(
      t,
      (root) => {
        mkdirSync(join(root, 'node_modules/inside'), { recursive: true });
        mkdirSync(join(root, 'a/b'), { recursive: true });
      },
      { ignoreNames: ['node_modules', '.git'] },
    );
    writeFileSync(trial.path('node_modules', 'inside', 'x'), 'x');
    mkdirSync(trial.path('a', 'b', '.git'));
    writeFileSync(trial.path('a', 'b', '.git', 'HEAD'), 'x');
    mkdirSync(trial.path('fresh', 'node_modules', 'deep'), { recursive: true });
    writeFileSync(trial.path('fresh', 'node_modules', 'deep', 'x'), 'x');
    writeFileSync(trial.path('fresh', '.gitignore'), 'x');
    await trial.waitForActions(['fresh', '.gitignore'], ['create']);
    await trial.waitForRescan();
    assert.deepEqual(trial.events.map(({ path }) => path).toSorted(), [
      trial.path('fresh'),
      trial.path('fresh', '.gitignore'),
    ]);
    assert.equal(trial.capture.counters.vanished, 0);

    // Leaving an ignored name is a creation, taking one on a deletion.
    renameSync(trial.path('node_modules'), trial.path('vendor'));
    await trial.waitForActions(['vendor', 'inside', 'x'], ['create']);
    renameSync(trial.path('vendor'), trial.path('node_modules'));
    await trial.waitForActions(['vendor', 'inside', 'x'], ['create', 'delete']);
    assert.deepEqual(trial.actions('node_modules'), []);
  });

  it('skips excluded paths, also through a link and before they exist', async (t) => {
    const elsewhere = temporaryDirectory(t);
    const root = join(elsewhere, 'root');
    mkdirSync(join(root, 'home'), { recursive: true });
    symlinkSync(root, join(elsewhere, 'alias'));
    const trial = await startCapture(t, () => {}, {
      directories: [root],
      excludePaths: [join(elsewhere, 'alias', 'home', 'daybook'), join(root, 'single-file')],
    });
    mkdirSync(join(root, 'home', 'daybook'));
    writeFileSync(join(root, 'home', 'daybook', 'events.db'), 'x');
    writeFileSync(join(root, 'single-file'), 'x');
    mkdirSync(join(root, 'daybook'));
    writeFileSync(join(root, 'daybook', 'single-file'), 'x');
    await waitFor('both others', () => trial.events.length === 2);
    await trial.waitForRescan();
    assert.deepEqual(
      trial.events.map(({ path }) => path),
      [join(root, 'daybook'), join(root, 'daybook', 'single-file')],
    );
  });
});

describe('captureFiles: its directories', () => {
  it('captures several, a nested one once, and gives paths without links', async (t) => {
    const parent = temporaryDirectory(t);
    mkdirSync(join(parent, 'one', 'nested'), { recursive: true });
    mkdirSync(join(parent, 'two'));
    symlinkSync(join(parent, 'two'), join(parent, 'link-to-two'));
    const trial = await startCapture(t, () => {}, {
      directories: ['one', 'one/nested', 'one/', 'link-to-two'].map((name) => join(parent, name)),
    });
    assert.equal(trial.capture.counters.directoriesWatched, 3);
    writeFileSync(join(parent, 'one', 'nested', 'x'), 'x');
    writeFileSync(join(parent, 'two', 'y'), 'x');
    await waitFor('both', () => trial.events.length === 2);
    assert.deepEqual(trial.events.map(({ path }) => path).toSorted(), [
      join(parent, 'one', 'nested', 'x'),
      join(parent, 'two', 'y'),
    ]);
  });

  it('captures a named directory below an ignored one', async (t) => {
    const parent = temporaryDirectory(t);
    const named = join(parent, 'node_modules', 'mine');
    mkdirSync(named, { recursive: true });
    const trial = await startCapture(t, () => {}, { directories: [parent, named], ignoreNames: ['node_modules'] });
    writeFileSync(join(named, 'x'), 'x');
    await waitFor('the event', () => trial.events.length === 1);
  });

  it('refuses what is missing, no directory or excluded', async (t) => {
    const root = temporaryDirectory(t);
    const file = join(root, 'file');
    writeFileSync(file, 'x');
    const start = (directory: string) =>
      captureFiles({ directories: [directory], excludePaths: [join(root, 'out')], record: () => {} });
    await assert.rejects(start(join(root, 'missing')), /missing: it does not exist/);
    await assert.rejects(start(file), /file: it is not a directory/);
    mkdirSync(join(root, 'out', 'below'), { recursive: true });
    await assert.rejects(start(join(root, 'out')), /out: it lies in an excluded path/);
    await assert.rejects(start(join(root, 'out', 'below')), /below: it lies in an excluded path/);
  });
});
