import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { type Config, loadConfig, reloadConfig, settingsInForce } from '../../daemon/config.ts';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

/** What a daemon with this config.json would run with. */
async function load(text: string | undefined, mode = 0o600): Promise<Config> {
  using home = temporaryHome();
  const path = join(home.path, 'config', 'config.json');
  mkdirSync(dirname(path));
  if (text !== undefined) writeFileSync(path, text);
  if (text !== undefined) chmodSync(path, mode);
  return loadConfig({ DAYBOOK_HOME: home.path });
}

async function refuses(text: string, message: RegExp, mode?: number): Promise<void> {
  await assert.rejects(load(text, mode), (error) => {
    assert.ok(error instanceof DaybookError, String(error));
    assert.equal(error.code, 'invalid_config');
    assert.match(error.message, message);
    return true;
  });
}

describe('loadConfig', () => {
  test('has the promised defaults', async () => {
    const { paths, effective, ...settings } = await load(undefined);
    assert.deepEqual(new Set(Object.values(effective.origins)), new Set(['default']));
    assert.partialDeepStrictEqual(settings, {
      persist: true,
      batchSize: 100,
      batchTimeoutMs: 5_000,
      retentionDays: 30,
      retentionSizeBytes: 0,
      retentionRules: [],
      cleanupIntervalMs: 24 * 3_600_000,
      search: true,
      init: false,
      logLevel: 'info',
    });
    assert.match(paths.database, /data\/events\.db$/);
    assert.deepEqual((await load('{}')).batchSize, 100);
  });

  test('takes every key', async () => {
    const config = await load(
      JSON.stringify({
        enable_persistence: false,
        persistence: {
          database_path: '/elsewhere/events.db',
          batch_size: 7,
          batch_timeout: 0.5,
          retention_days: 0.5,
          retention_size_mb: 100,
          retention_rules: [{ type: 'clipboard', days: 7 }],
          cleanup_interval_hours: 1,
          search: false,
        },
        log_level: 'debug',
      }),
    );
    const { paths, effective, ...settings } = config;
    assert.equal(effective.origins['persistence.search'], 'file');
    assert.equal(settingsInForce(config)['batch_timeout'], 0.5);
    assert.partialDeepStrictEqual(settings, {
      persist: false,
      batchSize: 7,
      batchTimeoutMs: 500,
      retentionDays: 0.5,
      retentionSizeBytes: 100 * 1024 * 1024,
      retentionRules: [{ type: 'clipboard', days: 7 }],
      cleanupIntervalMs: 3_600_000,
      search: false,
      init: false,
      logLevel: 'debug',
    });
    assert.equal(paths.database, '/elsewhere/events.db');
  });

  test('takes the environment before the file, and refuses what it cannot mean with its name', async () => {
    using home = temporaryHome();
    mkdirSync(join(home.path, 'config'));
    writeFileSync(join(home.path, 'config', 'config.json'), '{"persistence": {"batch_size": 7}, "log_level": "warn"}');
    const environment = { DAYBOOK_HOME: home.path, DAYBOOK_PERSISTENCE_BATCH_SIZE: '8', DAYBOOK_LOG_LEVEL: '' };
    const { batchSize, logLevel } = await loadConfig(environment);
    assert.deepEqual({ batchSize, logLevel }, { batchSize: 8, logLevel: 'warn' }, 'an empty variable is none');
    const rules = 'DAYBOOK_PERSISTENCE_RETENTION_RULES';
    const { retentionRules } = await loadConfig({ ...environment, [rules]: '[{"source": "s", "days": 9}]' });
    assert.deepEqual(retentionRules, [{ source: 's', days: 9 }]);
    await assert.rejects(loadConfig({ ...environment, [rules]: '[{' }), { message: /RETENTION_RULES must be JSON/ });
    await assert.rejects(loadConfig({ ...environment, [rules]: '[{"type": 5, "days": 9}]' }), {
      message: /RETENTION_RULES \[0\]\.type must be a name of 1 to 256 bytes/,
    });
    await assert.rejects(loadConfig({ ...environment, DAYBOOK_PERSISTENCE_BATCH_SIZE: 'many' }), {
      code: 'invalid_config',
      message: /DAYBOOK_PERSISTENCE_BATCH_SIZE must be a whole number from 1 to 10000/,
    });
  });

  test('takes a flag before the environment, and refuses one that cannot be meant', async () => {
    using home = temporaryHome();
    const environment = { DAYBOOK_HOME: home.path, DAYBOOK_PERSISTENCE_BATCH_SIZE: '8', DAYBOOK_LOG_LEVEL: 'warn' };
    const flags = ['--set=persistence.batch_size=3', '--set', 'persistence.batch_size=9'];
    const { batchSize, effective } = await loadConfig(environment, flags);
    assert.equal(batchSize, 9, 'the last one');
    const { log_level: logLevel, 'persistence.batch_size': size, enable_persistence: persist } = effective.origins;
    assert.deepEqual([size, logLevel, persist], ['flag', 'environment', 'default']);
    for (const [assignment, message] of [
      ['persistence.batch_size=0', /--set persistence\.batch_size=0: .*whole number from 1/],
      ['batch_size=1', /KEY=VALUE/],
      ['log_level', /KEY=VALUE/],
    ] as const) {
      await assert.rejects(loadConfig(environment, [`--set=${assignment}`]), { code: 'invalid_config', message });
    }
  });

  test('read again: takes over what a running daemon can, and says what waits; a bad file changes nothing', async () => {
    using home = temporaryHome();
    mkdirSync(join(home.path, 'config'));
    const path = join(home.path, 'config', 'config.json');
    const environment = { DAYBOOK_HOME: home.path, DAYBOOK_LOG_LEVEL: 'warn' };
    const running = await loadConfig(environment, ['--init', '--set=persistence.batch_timeout=2']);
    writeFileSync(
      path,
      '{"log_level": "debug", "persistence": {"batch_size": 7, "batch_timeout": 3, "search": false, "database_path": "/x"}}',
    );
    const { config, changed, waiting } = reloadConfig(running, environment, ['--set=persistence.batch_timeout=2']);
    assert.deepEqual(changed, ['persistence.batch_size'], 'flags and the environment go before the file');
    assert.deepEqual(waiting, ['persistence.database_path', 'persistence.search']);
    const { effective } = config;
    assert.deepEqual(
      { ...config, effective: undefined },
      { ...running, batchSize: 7, effective: undefined },
      'nothing else changes',
    );
    assert.deepEqual(
      [effective.origins['persistence.batch_size'], effective.origins['persistence.search']],
      ['file', 'default'],
    );
    assert.deepEqual(reloadConfig(config, environment, ['--set=persistence.batch_timeout=2']).changed, []);
    writeFileSync(path, '{"persistence": {"batch_size": "many"}}');
    assert.throws(() => reloadConfig(config, environment), { code: 'invalid_config', message: /batch_size/ });
  });

  test('begins anew only where the command line says so: the next start by a service manager does not', async () => {
    using home = temporaryHome();
    const environment = { DAYBOOK_HOME: home.path };
    for (const [flags, init] of [[['--init'], true] as const, [[], false] as const, [['--initial'], false] as const]) {
      assert.equal((await loadConfig(environment, flags)).init, init);
    }
    await refuses('{"init": true}', /init: is not a key/);
  });

  const refused: [what: string, text: string, message: RegExp][] = [
    ['an unknown key', '{\n  "persistance": {}\n}', /config\.json:2: persistance: is not a key/],
    ['an unknown key inside', '{"persistence": {\n\n"batchsize": 1}}', /:3: persistence\.batchsize: is not a key/],
    ['a key of every object', '{"__proto__": 1}', /__proto__: is not a key/],
    ['text for a number', '{"persistence": {\n"batch_size": "100"}}', /:2: persistence\.batch_size: .*number/],
    ['a fraction', '{"persistence": {"batch_size": 1.5}}', /persistence\.batch_size: /],
    ['null', '{"persistence": {"batch_size": null}}', /persistence\.batch_size: /],
    ['zero events', '{"persistence": {"batch_size": 0}}', /persistence\.batch_size: /],
    ['too many events', '{"persistence": {"batch_size": 10001}}', /persistence\.batch_size: /],
    ['no time at all', '{"persistence": {"batch_timeout": 0}}', /persistence\.batch_timeout: /],
    ['infinity', '{"persistence": {"retention_days": 1e999}}', /persistence\.retention_days: /],
    ['less than no days', '{"persistence": {"retention_days": -1}}', /persistence\.retention_days: /],
    ['an interval no timer holds', '{"persistence": {"cleanup_interval_hours": 597}}', /cleanup_interval_hours: /],
    ['a relative path', '{"persistence": {"database_path": "events.db"}}', /database_path: must be an absolute path/],
    ['text for a flag', '{"enable_persistence": "yes"}', /enable_persistence: .*boolean/],
    ['a list for a map', '{"persistence": []}', /persistence: /],
    ['an unknown level', '{"log_level": "loud"}', /log_level: /],
    ['rules in a map', '{"persistence": {"retention_rules": {}}}', /retention_rules: must be a list/],
    [
      'a rule for nothing',
      '{"persistence": {\n"retention_rules": [{"type": "a", "days": 1}, {"days": 7}]}}',
      /:2: persistence\.retention_rules: \[1\] must have a type, a source or both/,
    ],
    [
      'a rule without days',
      '{"persistence": {"retention_rules": [{"source": "a"}]}}',
      /\[0\]\.days must be a number from 0\.01 to 36500/,
    ],
    ['a key of no rule', '{"persistence": {"retention_rules": [{"typ": "a", "days": 1}]}}', /\[0\]: "typ" is no key/],
    ['a size that holds nothing', '{"persistence": {"retention_size_mb": 3}}', /must be 0, or 16 to/],
    ['a list', '[]', /the file: /],
    ['text', '"batch_size"', /the file: /],
    ['null instead of everything', 'null', /the file: /],
    ['nothing', '', /is not JSON/],
    ['half a file', '{"persistence": {\n"batch_size"', /is not JSON/],
    ['a comment', '{} // mine', /is not JSON/],
  ];
  for (const [what, text, message] of refused) {
    test(`refuses ${what}, and says where`, () => refuses(text, message));
  }

  test('refuses a file that is too large without reading it', async () => {
    await refuses(`{}${' '.repeat(limits.configFileBytes)}`, /at most 1048576 bytes/);
  });

  test('refuses a file that others can change, with the cure', async () => {
    await refuses('{}', /can be changed by other users; run: chmod 600 '.*config\.json'/, 0o620);
    await refuses('{}', /chmod 600/, 0o602);
    assert.equal((await load('{}', 0o644)).batchSize, 100, 'reading it is no harm');
  });

  test('refuses a directory in its place', async () => {
    using home = temporaryHome();
    mkdirSync(join(home.path, 'config', 'config.json'), { recursive: true });
    await assert.rejects(loadConfig({ DAYBOOK_HOME: home.path }), {
      code: 'invalid_config',
      message: /must be a file/,
    });
  });

  test('refuses a home whose socket path would be cut off', async () => {
    await assert.rejects(loadConfig({ DAYBOOK_HOME: `/tmp/${'é'.repeat(50)}` }), {
      code: 'path_too_long',
      message: /DAYBOOK_HOME/,
    });
  });
});
