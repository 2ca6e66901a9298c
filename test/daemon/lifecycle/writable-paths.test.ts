import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ensureWritable } from '../../../daemon/lifecycle/writable-paths.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const skip = process.getuid?.() === 0 && 'root may write everything';

describe('ensureWritable', () => {
  test('takes what can be written, and what is not there', () => {
    using home = temporaryHome();
    writeFileSync(join(home.path, 'file'), '');
    ensureWritable([home.path, join(home.path, 'file'), join(home.path, 'none'), join(home.path, 'none', 'none')]);
    ensureWritable([]);
  });

  test('names the first that cannot be written or read, whose it is, and the cure', { skip }, () => {
    using home = temporaryHome();
    const file = join(home.path, 'file');
    const directory = join(home.path, 'directory');
    writeFileSync(file, '');
    mkdirSync(directory);
    for (const [path, mode] of [
      [file, 0o400],
      [file, 0o200],
      [directory, 0o500],
      [directory, 0o600],
    ] as const) {
      chmodSync(path, mode);
      assert.throws(() => ensureWritable([home.path, path]), {
        code: 'unsafe_path',
        message: `${path} cannot be read and written: daybook runs as user ${process.getuid?.()}, to whom it belongs; run: chmod u+rwX '${path}'`,
      });
      chmodSync(path, 0o700);
    }
  });
});
