import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { InstanceLock } from '../../../daemon/lifecycle/instance-lock.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const lockModule = new URL('../../../daemon/lifecycle/instance-lock.ts', import.meta.url).href;

describe('InstanceLock', () => {
  test('is held by one, who is named to the others, until it is released', () => {
    using home = temporaryHome();
    const path = join(home.path, 'lock');
    const lock = InstanceLock.acquire(path);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      assert.throws(() => InstanceLock.acquire(path), {
        code: 'already_running',
        message: `daybook is already running (pid ${process.pid})`,
      });
    }
    assert.equal(readFileSync(`${path}.owner`, 'utf8'), `${process.pid}\n`);
    lock.release();
    assert.equal(existsSync(`${path}.owner`), false);
    InstanceLock.acquire(path).release();
  });

  test('is free at once when its owner was killed, whatever the owner file says', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'lock');
    const owner = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { InstanceLock } = await import(${JSON.stringify(lockModule)});
       globalThis.lock = InstanceLock.acquire(${JSON.stringify(path)});
       process.stdout.write('locked');
       setInterval(() => undefined, 1000);`,
    ]);
    t.after(() => owner.kill('SIGKILL'));
    await once(owner.stdout, 'data');
    assert.throws(() => InstanceLock.acquire(path), { message: new RegExp(`pid ${owner.pid}\\)`) });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    assert.equal(readFileSync(`${path}.owner`, 'utf8'), `${owner.pid}\n`);
    const lock = InstanceLock.acquire(path);
    assert.equal(readFileSync(`${path}.owner`, 'utf8'), `${process.pid}\n`);
    lock.release();
  });

  test('says no pid rather than a wrong one', () => {
    using home = temporaryHome();
    const path = join(home.path, 'lock');
    const lock = InstanceLock.acquire(path);
    for (const content of ['', 'garbage']) {
      writeFileSync(`${path}.owner`, content);
      assert.throws(() => InstanceLock.acquire(path), { message: 'daybook is already running' });
    }
    lock.release();
  });

  test('does not take a file that is no lock', () => {
    using home = temporaryHome();
    const path = join(home.path, 'lock');
    writeFileSync(path, 'this is somebody’s file '.repeat(100));
    assert.throws(() => InstanceLock.acquire(path), { code: 'SQLITE_NOTADB' });
    assert.match(readFileSync(path, 'utf8'), /^this is somebody/);
  });
});
