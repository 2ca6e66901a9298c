import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { limits } from '../../shared/limits.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { startDaybook } from '../harness/command-line.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { refusesToStart, refusesToStartForGood } from '../harness/refuses-to-start.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const longestPath = process.platform === 'darwin' ? limits.socketPathBytesDarwin : limits.socketPathBytesLinux;

/** A home whose socket path has this many bytes. */
function homeOf(bytes: number, base: string, letter: string): string {
  const rest = bytes - Buffer.byteLength(join(base, 'x', 'data', 'daybook.sock')) + 1;
  const count = Math.floor(rest / Buffer.byteLength(letter));
  return join(base, letter.repeat(count) + 'a'.repeat(rest - count * Buffer.byteLength(letter)));
}

describe('a socket path that is too long', () => {
  for (const letter of ['a', 'é', '😀']) {
    test(`row 25: no start, with the limit, the length in bytes and the remedy: ${letter}`, async () => {
      using base = temporaryHome();
      const home = homeOf(longestPath + 1, base.path, letter);
      const message = `${longestPath + 1} bytes long and this system takes ${longestPath}.*set DAYBOOK_HOME`;
      await refusesToStart({ home }, new RegExp(message));
      assert.equal(existsSync(home), false);
    });
  }

  test('row 25: by the home directory of the user: the same, for the daemon and for every command', async () => {
    using base = temporaryHome();
    const home = join(base.path, 'a'.repeat(120));
    const environment = { HOME: home, DAYBOOK_HOME: '', XDG_DATA_HOME: '' };
    for (const args of [['daemon'], ['list'], ['send', 'a', '--source', 'b']]) {
      const { exitCode, stdout, stderr } = await startDaybook('', args, { environment }).ended;
      assert.deepEqual([exitCode, stdout], [1, ''], stderr);
      assert.match(stderr, new RegExp(`bytes long and this system takes ${longestPath}.*set DAYBOOK_HOME`));
    }
    assert.equal(existsSync(home), false);
  });

  test('row 25: the longest path there is serves', async () => {
    using base = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: homeOf(longestPath, base.path, 'é') });
    assert.equal(Buffer.byteLength(daemon.paths.socket), longestPath);
    assert.equal((await daemon.connect().recordBatch([{ type: 'a', source: 'b' }])).stored, 1);
  });
});

describe('a directory that is not the user’s alone', () => {
  for (const name of ['dataDirectory', 'logDirectory'] as const) {
    test(`row 26: no start, and the cure: ${name} is open to others`, async () => {
      using home = preparedHome();
      chmodSync(home.paths[name], name === 'dataDirectory' ? 0o777 : 0o750);
      await refusesToStartForGood({ home: home.path }, new RegExp(`run: chmod 700 '${home.paths[name]}'`));
      assert.deepEqual(readdirSync(home.paths.dataDirectory), []);
    });

    test(`row 26: no start: ${name} is a link`, async () => {
      using home = temporaryHome();
      using elsewhere = temporaryHome();
      symlinkSync(elsewhere.path, daybookPaths({ DAYBOOK_HOME: home.path })[name]);
      await refusesToStart({ home: home.path }, /must be a directory, not a link or a file/);
      assert.deepEqual(readdirSync(elsewhere.path), []);
    });

    const skip = process.getuid?.() !== 0 && 'only root can give a directory away';
    test(`row 26: no start: ${name} belongs to somebody else`, { skip }, async () => {
      using home = preparedHome();
      chownSync(home.paths[name], 65_534, 65_534);
      await refusesToStart({ home: home.path }, /belongs to user 65534, and daybook runs as user 0/);
      assert.deepEqual(readdirSync(home.paths.dataDirectory), []);
    });
  }

  test('row 26: no start: others can change the directory of a database elsewhere', async () => {
    using elsewhere = temporaryHome();
    const directory = join(elsewhere.path, 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    using home = temporaryHome();
    const config = { persistence: { database_path: join(directory, 'mine.db') } };
    await refusesToStart({ home: home.path, config }, /run: chmod go-w '/);
    assert.deepEqual(readdirSync(directory), []);
  });
});
