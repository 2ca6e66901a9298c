import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { figures } from './figures.ts';
import { readmePath, withResults } from './readme-section.ts';
import { type Measured, targetResults } from './results.ts';
import { newestResults } from './results-file.ts';
import { targets } from './targets.ts';
import { phases } from './trials.ts';

test('each target is about trials and figures that exist', () => {
  const names = phases.flatMap(({ trials }) => trials.map(({ name }) => name));
  assert.equal(new Set(names).size, names.length);
  for (const { of, against } of targets) {
    for (const { trial, figure } of [of, against ?? of]) {
      assert.ok(names.includes(trial), trial);
      assert.ok(figure in figures, figure);
    }
  }
  for (const { filledBy } of phases.flatMap(({ trials }) => trials)) {
    if (filledBy !== undefined) assert.ok(names.includes(filledBy), filledBy);
  }
});

test('a ratio is the median of the ratios of the rounds, and is met on its own side of the bound', () => {
  const [target] = targets;
  assert.ok(target?.against !== undefined && target.is === '>=' && target.bound === 1.8);
  const results = (ours: number[], theirs: number[]) => {
    const measured: Measured = new Map([
      [target.of.trial, new Map([[target.of.figure, ours]])],
      [target.against?.trial ?? '', new Map([[target.against?.figure ?? '', theirs]])],
    ]);
    return targetResults(measured)[0];
  };
  const met = results([100, 400, 180], [100, 100, 100]);
  assert.deepEqual([met?.min, met?.median, met?.max, met?.isMet], [1, 1.8, 4, true]);
  assert.equal(results([100, 400, 179], [100, 100, 100])?.isMet, false);
  // A peer that is not there.
  assert.equal(results([100], [])?.median, undefined);
  assert.equal(results([100], [])?.isMet, undefined);
});

test('the README shows the newest results that are kept', () => {
  const readme = readFileSync(readmePath, 'utf8');
  assert.equal(withResults(readme, newestResults()), readme, 'npm run bench:readme makes it anew');
});
