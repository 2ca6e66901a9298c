import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  ensureDatabaseDirectory,
  ensurePrivateDirectory,
  removeStaleSocket,
} from '../../../daemon/lifecycle/private-paths.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const modeOf = (path: string) => statSync(path).mode & 0o777;
const isRoot = process.getuid?.() === 0;

describe('ensurePrivateDirectory', () => {
  test('makes a directory for its user alone, and those above it', () => {
    using home = temporaryHome();
    const umask = process.umask(0);
    try {
      ensurePrivateDirectory(join(home.path, 'a', 'b'));
    } finally {
      process.umask(umask);
    }
    assert.deepEqual([modeOf(join(home.path, 'a')), modeOf(join(home.path, 'a', 'b'))], [0o700, 0o700]);
    ensurePrivateDirectory(join(home.path, 'a', 'b'));
  });

  for (const mode of [0o777, 0o770, 0o701, 0o710, 0o750]) {
    test(`refuses one with mode ${mode.toString(8)}, with the cure`, () => {
      using home = temporaryHome();
      const path = join(home.path, 'open');
      mkdirSync(path);
      chmodSync(path, mode);
      assert.throws(() => ensurePrivateDirectory(path), {
        code: 'unsafe_path',
        message: `${path} is open to other users; run: chmod 700 '${path}'`,
      });
      assert.equal(modeOf(path), mode, 'it is not for us to change');
    });
  }

  test('refuses a link to a directory, and a file', () => {
    using home = temporaryHome();
    const [real, link, file] = ['real', 'link', 'file'].map((name) => join(home.path, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, link);
    writeFileSync(file, '');
    assert.throws(() => ensurePrivateDirectory(link), { code: 'unsafe_path', message: /not a link or a file/ });
    assert.throws(
      () => ensurePrivateDirectory(file),
      (error) => error instanceof Error && error.message.includes(file),
    );
  });

  test('refuses one of another user', { skip: !isRoot && 'only root can give a directory away' }, () => {
    using home = temporaryHome();
    const path = join(home.path, 'theirs');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65_534, 65_534);
    assert.throws(() => ensurePrivateDirectory(path), { code: 'unsafe_path', message: /user 65534.*user 0/ });
  });
});

describe('ensureDatabaseDirectory', () => {
  test('takes one that others may read, and refuses one that they may change', () => {
    using home = temporaryHome();
    const path = join(home.path, 'data');
    mkdirSync(path);
    for (const [mode, isRefused] of [
      [0o700, false],
      [0o755, false],
      [0o1777, false],
      [0o775, true],
      [0o757, true],
      [0o777, true],
    ] as const) {
      chmodSync(path, mode);
      if (isRefused) {
        assert.throws(() => ensureDatabaseDirectory(path), { code: 'unsafe_path', message: /chmod go-w/ });
      } else ensureDatabaseDirectory(path);
    }
  });

  test('makes it when it is not there', () => {
    using home = temporaryHome();
    ensureDatabaseDirectory(join(home.path, 'a', 'b'));
    assert.equal(modeOf(join(home.path, 'a', 'b')), 0o700);
  });
});

describe('removeStaleSocket', () => {
  test('removes a socket, and is content with nothing', async () => {
    using home = temporaryHome();
    const path = join(home.path, 'sock');
    removeStaleSocket(path);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    removeStaleSocket(path);
    assert.equal(existsSync(path), false);
    server.close();
  });

  test('leaves anything else where it is', () => {
    using home = temporaryHome();
    const [file, directory, link] = ['f', 'd', 'l'].map((name) => join(home.path, name)) as [string, string, string];
    writeFileSync(file, 'content');
    mkdirSync(directory);
    symlinkSync(file, link);
    for (const path of [file, directory, link]) {
      assert.throws(() => removeStaleSocket(path), {
        code: 'unsafe_path',
        message: new RegExp(`^${path}.*move it away`),
      });
      assert.ok(existsSync(path));
    }
    assert.equal(readFileSync(file, 'utf8'), 'content');
  });
});
