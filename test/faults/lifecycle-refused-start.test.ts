import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limits } from '../../shared/limits.ts';
import { daybookExecutable, RunningCommand } from '../harness/command-line.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { refusesToStart, refusesToStartForGood } from '../harness/refuses-to-start.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

/** A node of the version that many machines still have, outside this checkout's pinned one. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node', '/opt/homebrew/bin/node'].find((path) =>
  spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'),
);

describe('a Node that cannot run daybook', () => {
  test('row 60: Node 20 gets one line that names the version needed', {
    skip: oldNode ? false : 'no Node 20 here',
  }, async () => {
    using home = temporaryHome();
    for (const args of [['--help'], ['daemon'], ['list']]) {
      const { exitCode, signal, stdout, stderr } = await new RunningCommand(
        oldNode ?? '',
        [daybookExecutable, ...args],
        {
          environment: { DAYBOOK_HOME: home.path },
        },
      ).ended;
      assert.deepEqual([exitCode, signal, stdout], [1, null, '']);
      assert.match(stderr, /^daybook needs Node 24 or newer; this is 20\.\d+\.\d+ at \S+\n$/);
    }
    assert.deepEqual(readdirSync(home.path), []);
  });

  test('row 60: an addon that this Node cannot load is one line and an exit code, no crash', async () => {
    using home = temporaryHome();
    using checkout = temporaryHome();
    const original = fileURLToPath(new URL('../..', import.meta.url));
    for (const name of ['daemon', 'shared', 'package.json']) {
      cpSync(join(original, name), join(checkout.path, name), { recursive: true });
    }
    const modules = join(checkout.path, 'node_modules');
    mkdirSync(modules);
    for (const name of readdirSync(join(original, 'node_modules'))) {
      if (name !== 'better-sqlite3') symlinkSync(join(original, 'node_modules', name), join(modules, name));
    }
    cpSync(join(original, 'node_modules', 'better-sqlite3'), join(modules, 'better-sqlite3'), { recursive: true });
    // Only in the copy: the other packages are links to the real ones.
    const copied = join(modules, 'better-sqlite3');
    const addons = readdirSync(copied, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.node'));
    assert.ok(addons.length > 0);
    for (const addon of addons) writeFileSync(join(copied, addon), 'of another machine');

    const daemon = new RunningCommand(process.execPath, [join(checkout.path, 'daemon', 'main.ts')], {
      environment: { DAYBOOK_HOME: home.path },
    });
    const { exitCode, signal, stdout, stderr } = await daemon.ended;
    assert.deepEqual([exitCode, signal, stdout], [1, null, '']);
    assert.match(stderr, /^daybook: .*better.sqlite3.*\n$/);
  });
});

describe('a configuration that is not taken', () => {
  const refused: [what: string, text: string, message: RegExp][] = [
    ['an unknown key', '{\n  "retention": 5\n}', /config\.json:2: retention: is not a key that daybook knows/],
    [
      'an unknown key inside',
      '{"persistence": {\n\n"batchsize": 1}}',
      /config\.json:3: persistence\.batchsize: is not a key/,
    ],
    ['a wrong type', '{"persistence": {\n"batch_size": "many"}}', /config\.json:2: persistence\.batch_size: /],
    ['no JSON', '{"persistence": ', /config\.json is not JSON/],
  ];
  for (const [what, text, message] of refused) {
    test(`row 61: ${what}: no start, and a word about where it stands`, async () => {
      using home = preparedHome();
      writeFileSync(home.paths.config, text, { mode: 0o600 });
      await refusesToStart({ home: home.path }, message);
      assert.equal(existsSync(home.paths.database), false, 'it does not go on with defaults');
    });
  }

  test('row 61: a gigabyte: no start, and it is not read', async () => {
    using home = preparedHome();
    writeFileSync(home.paths.config, '{}', { mode: 0o600 });
    truncateSync(home.paths.config, 2 ** 30);
    // A heap in which it would not have a place.
    const nodeArguments = ['--max-old-space-size=64'];
    const message = new RegExp(`config\\.json must be a file of at most ${limits.configFileBytes} bytes`);
    await refusesToStartForGood({ home: home.path, nodeArguments }, message);
    assert.equal(existsSync(home.paths.database), false);
  });

  test('row 61: others can change it: no start, and the cure', async () => {
    using home = preparedHome();
    writeFileSync(home.paths.config, '{}');
    for (const mode of [0o620, 0o602]) {
      chmodSync(home.paths.config, mode);
      await refusesToStart({ home: home.path }, new RegExp(`run: chmod 600 '${home.paths.config}'`));
    }
    assert.equal(existsSync(home.paths.database), false);
  });
});
