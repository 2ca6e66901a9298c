import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { destinationFor } from '../../../../client/cli/export/complete-file.ts';
import { RunningCommand } from '../../../harness/command-line.ts';
import { temporaryHome } from '../../../harness/temporary-home.ts';

const module = new URL('../../../../client/cli/export/complete-file.ts', import.meta.url).href;

const writes = (text: string) => async (output: Writable) => {
  await once(output.end(text), 'finish');
};

describe('a file that is complete or not there', () => {
  test('gets its name when all is written, and is private', async () => {
    using home = temporaryHome();
    const file = join(home.path, 'a');
    await destinationFor(file, false).write(async (output) => {
      output.write('half');
      assert.ok(!readdirSync(home.path).includes('a'));
      await writes(' and half')(output);
    });
    assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], ['half and half', 0o600]);
    assert.deepEqual(readdirSync(home.path), ['a']);
  });

  test('does not take the place of one that somebody made meanwhile', async () => {
    using home = temporaryHome();
    const file = join(home.path, 'a');
    const destination = destinationFor(file, false);
    writeFileSync(file, 'theirs');
    await assert.rejects(destination.write(writes('ours')), /is there already/);
    assert.throws(() => destinationFor(file, false), /is there already; replace it with --force/);
    assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(home.path)], ['theirs', ['a']]);
    await destinationFor(file, true).write(writes('ours'));
    assert.equal(readFileSync(file, 'utf8'), 'ours');
  });

  test('is not there after a failure, nor after an interruption', async () => {
    using home = temporaryHome();
    const file = join(home.path, 'a');
    const failing = destinationFor(file, false).write(async (output) => {
      await once(output, 'open');
      throw new Error('no more');
    });
    await assert.rejects(failing, /no more/);
    const script = `
      const { destinationFor } = await import(${JSON.stringify(module)});
      await destinationFor(${JSON.stringify(file)}, false).write(async (output) => {
        output.write('half', () => console.log('half'));
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    await using running = new RunningCommand(process.execPath, ['--input-type=module', '--eval', script]);
    await running.prints('half');
    assert.equal(readdirSync(home.path).length, 1);
    running.process.kill('SIGTERM');
    assert.equal((await running.ended).exitCode, 143);
    assert.deepEqual(readdirSync(home.path), []);
  });
});
