import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SocketFile } from '../../../daemon/socket/socket-file.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

describe('SocketFile', () => {
  test('notices that it was deleted or replaced, and looks once a second', () => {
    using home = temporaryHome();
    const path = join(home.path, 'socket');
    writeFileSync(path, '');
    const file = new SocketFile(path);
    assert.equal(file.isThere(10_000), true);
    renameSync(path, `${path}.old`);
    assert.equal(file.isThere(10_999), true, 'not looked at again so soon');
    assert.equal(file.isThere(11_000), false);
    writeFileSync(path, '');
    assert.equal(file.isThere(12_000), false);
    rmSync(path);
    renameSync(`${path}.old`, path);
    assert.equal(file.isThere(13_000), true);
  });

  test('is published under its name, whatever stood there, and removed only while it is ours', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.sock');
    const bound = SocketFile.bindingPath(path);
    assert.ok(bound.length <= path.length);
    writeFileSync(path, 'stale');
    writeFileSync(bound, 'ours');
    const file = SocketFile.publish(bound, path);
    assert.deepEqual([existsSync(bound), readFileSync(path, 'utf8')], [false, 'ours']);
    writeFileSync(`${path}.other`, 'of somebody else');
    renameSync(path, `${path}.moved`);
    renameSync(`${path}.other`, path);
    file.remove();
    assert.equal(readFileSync(path, 'utf8'), 'of somebody else');
    renameSync(`${path}.moved`, path);
    file.remove();
    assert.equal(existsSync(path), false);
    file.remove();
  });
});
