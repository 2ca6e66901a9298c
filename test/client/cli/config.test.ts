import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { daybookPaths } from '../../../shared/paths.ts';
import { settingKeys } from '../../../shared/settings.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

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

  // What a daemon can take over is in force at once, the rest is named.
  const set = await run('set', 'persistence.batch_size', '8');
  assert.deepEqual([set.exitCode, set.stderr], [0, '']);
  assert.equal(set.stdout, 'persistence.batch_size is 8\nin force now\n');
  const search = await run('set', 'persistence.search', 'false');
  assert.equal(search.stdout, 'persistence.search is false\nthe daemon must be restarted for it: daybook restart\n');
  const level = await run('set', 'log_level', 'error');
  assert.match(level.stdout, /in force now/);
  assert.match(level.stderr, /DAYBOOK_LOG_LEVEL goes before it/);
  assert.match(level.stderr, /the daemon runs with persistence\.search true; run: daybook restart/);
  assert.match((await run('set', 'persistence.batch_size', '8')).stdout, /in force already/);
  const text = await run();
  assert.match(text.stdout, /^persistence\.batch_size +8 +file$/m);
  assert.match(text.stderr, /the daemon runs with persistence\.search true; run: daybook restart/);
  assert.match(text.stderr, /the daemon runs with log_level error \(file\)/, 'the variable is that of this shell only');
  assert.match((await run('unset', 'persistence.batch_size')).stdout, /in force now/);

  // By hand: it is told to read again, and a file that is wrong is refused here as well as there.
  writeFileSync(paths.config, '{"persistence": {"retention_days": 3}}');
  const before = await run();
  assert.match(before.stderr, /the daemon runs with log_level error.*daybook config reload/);
  assert.deepEqual((await run('reload')).stdout, 'the daemon has read its settings\n');
  const status = await daemon.connect().status();
  assert.deepEqual([status.settings.retention_days, status.setting_origins?.['log_level']], [3, 'default']);
  writeFileSync(paths.config, '{"persistence": {"retention_days": 0}}');
  daemon.process.kill('SIGHUP');
  await waitFor('the refusal in the log', () => /the settings are refused.*/.test(readFileSync(paths.log, 'utf8')));
  assert.match(readFileSync(paths.log, 'utf8'), /config\.json:1: persistence\.retention_days: must be/);
  assert.equal((await daemon.connect().status()).settings.retention_days, 3);
  const refused = await run('reload');
  assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
  assert.match(refused.stderr, /config\.json:1: persistence\.retention_days: must be/);
});

test('a daemon whose environment or flags go before the file says so', async () => {
  await using daemon = await DaemonProcess.start({
    environment: { DAYBOOK_PERSISTENCE_BATCH_SIZE: '5' },
    flags: ['--set=log_level=warn'],
  });
  const set = await daybook(daemon.home, ['config', 'set', 'persistence.batch_size', '8']);
  assert.match(set.stdout, /the daemon runs with 5 all the same: its environment goes before config\.json/);
  const level = await daybook(daemon.home, ['config', 'set', 'log_level', 'debug']);
  assert.match(level.stdout, /the daemon runs with warn all the same: its flag goes before config\.json/);
  const rows = rowsOf<Row>((await daybook(daemon.home, ['config', '--json'])).stdout);
  const row = rows.find(({ key }) => key === 'log_level');
  assert.deepEqual(row, { key: 'log_level', value: 'debug', origin: 'file', running: 'warn', running_origin: 'flag' });
  const none = await daybook(join(daemon.home, 'elsewhere'), ['config', 'reload']);
  assert.equal(none.exitCode, 3);
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
