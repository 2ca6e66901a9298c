import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startCapture, temporaryDirectory } from './capture-trial.ts';
import { listTree, replay } from './trees.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);
const storms = 3;
const stepsEach = 2_000;

/** What happens in a storm is decided by the seed; replay one with DAYBOOK_STORM_SEED=<seed>. */
const givenSeed = process.env['DAYBOOK_STORM_SEED'];
const firstSeed = givenSeed === undefined ? randomInt(2 ** 31) : Number(givenSeed);

async function storm(root: string, outside: string, seed: number, steps: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'storm-process.ts');
  const args = [script, root, outside, String(seed), String(steps)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as string[];
}

describe('captureFiles: random storms', () => {
  for (let index = 0; index < storms; index += 1) {
    const seed = firstSeed + index;
    it(`is right in the end and never wrong, DAYBOOK_STORM_SEED=${seed}`, async (t) => {
      t.diagnostic(`DAYBOOK_STORM_SEED=${seed}`);
      const outside = temporaryDirectory(t);
      const root = temporaryDirectory(t);
      const trial = await startCapture(t, () => {}, { directories: [root], ignoreNames: ['ignored'] });
      const existing = (): Set<string> => new Set(listTree(root, ['ignored']).keys());

      const everExisted = new Set(await storm(root, outside, seed, stepsEach));
      const isRight = (): void => assert.deepEqual(replay([], trial.events), existing());
      await waitFor(`the index to be right, DAYBOOK_STORM_SEED=${seed}`, isRight);

      // A second storm over what the first one left, with watches that have seen much.
      for (const path of await storm(root, outside, seed + 2 ** 16, stepsEach)) everExisted.add(path);
      await waitFor(`the index to be right again, DAYBOOK_STORM_SEED=${seed}`, isRight);

      const lastSize = new Map(trial.events.map(({ path, size }) => [path, size]));
      await waitFor(`the last sizes, DAYBOOK_STORM_SEED=${seed}`, () => {
        for (const { path, size } of trial.events) lastSize.set(path, size);
        for (const path of existing()) {
          const stats = lstatSync(path);
          if (stats.isFile()) assert.equal(lastSize.get(path), stats.size, path);
        }
      });
      await trial.capture.close();
      isRight();
      for (const { path } of trial.events) {
        assert.ok(everExisted.has(path), `${path} never existed`);
        assert.ok(!path.split('/').includes('ignored'), `${path} is ignored`);
      }
      assert.deepEqual(trial.problems, []);
      t.diagnostic(JSON.stringify(trial.capture.counters));
    });
  }
});
