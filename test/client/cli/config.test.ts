import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { daybookPaths } from '../../../shared/paths.ts';
import { settingKeys } from '../../../shared/settings.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

interface Row {
  key: string;
  value: unknown;
  origin: string;
  running?: unknown;
}

test('config says what is in force and why, beside a daemon that still runs with something else', async () => {
  await using daemon = await DaemonProcess.start({ config: { persistence: { batch_size: 7 } } });
  const { home, paths } = daemon;
  const run = (...args: string[]) =>
    daybook(home, ['config', ...args], { environment: { DAYBOOK_LOG_LEVEL: 'warn', DAYBOOK_PERSISTENCE_SEARCH: '' } });

  const [shown, help, got] = await Promise.all([run('--json'), run('--help'), run('get', 'persistence.batch_size')]);
  const rows = new Map(rowsOf<Row>(shown.stdout).map((row) => [row.key, row]));
  assert.deepEqual([...rows.keys()], settingKeys);
  assert.deepEqual(rows.get('persistence.batch_size'), { key: 'persistence.batch_size', value: 7, origin: 'file' });
  assert.equal(rows.get('log_level')?.origin, 'environment');
  const databasePath = rows.get('persistence.database_path');
  assert.deepEqual([databasePath?.value, databasePath?.origin], [paths.database, 'default']);
  for (const key of settingKeys) assert.ok(help.stdout.includes(`  ${key}\n`), key);
  assert.equal(got.stdout, '7\n');

  const set = await run('set', 'persistence.batch_size', '8');
  assert.deepEqual([set.exitCode, set.stderr], [0, '']);
  assert.equal(set.stdout, 'persistence.batch_size is 8\nthe daemon must be restarted for it: daybook restart\n');
  const text = await run();
  assert.match(text.stdout, /^persistence\.batch_size +8 +file$/m);
  assert.match(text.stderr, /the daemon runs with persistence\.batch_size 7; run: daybook restart/);
  assert.match((await run('set', 'persistence.batch_size', '7')).stdout, /in force already/);
  assert.match((await run('set', 'log_level', 'error')).stderr, /DAYBOOK_LOG_LEVEL goes before it/);
});

test('config set and unset write what a daemon takes, or nothing', async () => {
  using home = temporaryHome();
  const { config: path } = daybookPaths({ DAYBOOK_HOME: home.path });
  const run = (...args: string[]) => daybook(home.path, ['config', ...args]);

  for (const [key, value, message] of [
    ['persistence.batch_size', '1.5', /must be a whole number from 1 to 10000, not "1\.5"/],
    ['persistence.retention_days', '', /must be a number/],
    ['enable_persistence', 'yes', /true or false/],
    ['log_level', 'loud', /debug, info, warn or error/],
    ['batchsize', '1', /is no key.*daybook config --help/],
  ] as const) {
    const { exitCode, stdout, stderr } = await run('set', key, value);
    assert.deepEqual([exitCode, stdout], [2, ''], key);
    assert.match(stderr, message);
  }
  assert.ok(!existsSync(path));

  assert.equal(
    (await run('set', 'persistence.retention_days', '0.5')).stdout.split('\n')[1],
    'in force when the daemon starts',
  );
  await run('set', 'enable_persistence', 'false');
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
    persistence: { retention_days: 0.5 },
    enable_persistence: false,
  });
  assert.deepEqual([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777], [0o600, 0o700]);
  assert.deepEqual(readdirSync(dirname(path)), ['config.json'], 'nothing else is left');
  await run('unset', 'persistence.retention_days');
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { enable_persistence: false });

  // A file that the daemon refuses is mended by the command, never made worse; a link stays one.
  const real = join(home.path, 'dotfiles.json');
  mkdirSync(join(home.path, 'linked', 'config'), { recursive: true });
  writeFileSync(real, '{"persistence": {"batchsize": 1}}', { mode: 0o600 });
  symlinkSync(real, join(home.path, 'linked', 'config', 'config.json'));
  const linked = (...args: string[]) => daybook(join(home.path, 'linked'), ['config', ...args]);
  const refused = await linked('set', 'log_level', 'warn');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /persistence\.batchsize: is not a key/);
  assert.equal((await linked('unset', 'persistence.batchsize')).exitCode, 0);
  assert.equal((await linked('set', 'log_level', 'warn')).exitCode, 0);
  assert.deepEqual(JSON.parse(readFileSync(real, 'utf8')), { log_level: 'warn' });
});
