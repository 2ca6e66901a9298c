import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { isAlive, thisProcess } from '../../../client/spool/owner.ts';

test('this process is alive; another start of its pid, or a pid that nobody has, is not', async () => {
  const me = thisProcess();
  assert.equal(me.pid, process.pid);
  assert.match(me.start, /^[\da-z]+$/);
  assert.deepEqual(thisProcess(), me);
  assert.equal(isAlive(me), true);
  assert.equal(isAlive({ ...me, start: `${me.start}0` }), false);
  assert.equal(isAlive({ ...me, start: 'unknown' }), true, 'in doubt it is');
  const child = spawn(process.execPath, ['--eval', '']);
  const { pid = 0 } = child;
  await once(child, 'close');
  assert.equal(isAlive({ pid, start: 'unknown' }), false);
});

test('a zombie is not alive', {
  skip: process.platform !== 'linux' && 'needs /proc to see that it is one',
}, async () => {
  // The shell becomes a program that never asks for the end of its child.
  const parent = spawn('sh', ['-c', `${process.execPath} --eval "" & echo $!; exec sleep 60`]);
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  const end = performance.now() + 20_000;
  while (isAlive({ pid, start: 'unknown' }) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(isAlive({ pid, start: 'unknown' }), false);
  process.kill(pid, 0);
  parent.kill('SIGKILL');
  await once(parent, 'close');
});
