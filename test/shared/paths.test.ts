import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { isAbsolute, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limits } from '../../shared/limits.ts';
import { checkSocketPath, type DaybookPaths, daybookPaths } from '../../shared/paths.ts';

const modulePath = fileURLToPath(new URL('../../shared/paths.ts', import.meta.url));

/** The paths in a process with this environment: the system's directories are looked up once a process. */
function pathsWith(environment: NodeJS.ProcessEnv): DaybookPaths {
  const script = `import { daybookPaths } from ${JSON.stringify(modulePath)};
    process.stdout.write(JSON.stringify(daybookPaths(process.env)));`;
  const { PATH } = process.env;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...(PATH !== undefined && { PATH }), HOME: '/home/ada', ...environment },
    encoding: 'utf8',
  });
  return JSON.parse(output) as DaybookPaths;
}

describe('daybookPaths', () => {
  test('are all under DAYBOOK_HOME when it is set', () => {
    assert.deepEqual(daybookPaths({ DAYBOOK_HOME: '/x/ü' }), {
      dataDirectory: '/x/ü/data',
      configDirectory: '/x/ü/config',
      logDirectory: '/x/ü/log',
      socket: '/x/ü/data/daybook.sock',
      database: '/x/ü/data/events.db',
      backups: '/x/ü/data/backups',
      config: '/x/ü/config/config.json',
      log: '/x/ü/log/daybook.log',
    });
  });

  test('are absolute for a relative DAYBOOK_HOME', () => {
    const paths = daybookPaths({ DAYBOOK_HOME: 'here/../there' });
    assert.equal(paths.socket, resolve('there/data/daybook.sock'));
    for (const path of Object.values(paths) as string[]) assert.ok(isAbsolute(path), path);
  });

  test('are where the system wants them without DAYBOOK_HOME, or with an empty one', () => {
    const wanted =
      process.platform === 'darwin'
        ? {
            data: '/home/ada/Library/Application Support/daybook',
            config: '/home/ada/Library/Preferences/daybook',
            log: '/home/ada/Library/Logs/daybook',
          }
        : {
            data: '/home/ada/.local/share/daybook',
            config: '/home/ada/.config/daybook',
            log: '/home/ada/.local/state/daybook',
          };
    for (const environment of [
      {},
      { DAYBOOK_HOME: '' },
      { XDG_DATA_HOME: '', XDG_CONFIG_HOME: '', XDG_STATE_HOME: '' },
    ]) {
      assert.deepEqual(pathsWith(environment), {
        dataDirectory: wanted.data,
        configDirectory: wanted.config,
        logDirectory: wanted.log,
        socket: join(wanted.data, 'daybook.sock'),
        database: join(wanted.data, 'events.db'),
        backups: join(wanted.data, 'backups'),
        config: join(wanted.config, 'config.json'),
        log: join(wanted.log, 'daybook.log'),
      });
    }
  });

  test('follow the XDG variables on Linux', { skip: process.platform !== 'linux' && 'only Linux has them' }, () => {
    const paths = pathsWith({ XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' });
    assert.deepEqual(
      [paths.socket, paths.config, paths.log],
      ['/d/daybook/daybook.sock', '/c/daybook/config.json', '/s/daybook/daybook.log'],
    );
  });
});

describe('checkSocketPath', () => {
  for (const [platform, limit] of [
    ['darwin', 103],
    ['linux', 107],
  ] as const) {
    for (const character of ['a', 'ü', '北', '🙂']) {
      test(`${platform}: ${limit} bytes are taken, one more is not, in characters like ${character}`, () => {
        const bytesEach = Buffer.byteLength(character);
        const path = `/${character.repeat(Math.floor((limit - 1) / bytesEach))}`;
        const fits = path + 'a'.repeat(limit - Buffer.byteLength(path));
        assert.equal(Buffer.byteLength(fits), limit);
        checkSocketPath(fits, platform);
        const tooLong = `${fits}a`;
        assert.throws(
          () => checkSocketPath(tooLong, platform),
          (error: Error & { code?: string }) => {
            assert.equal(error.code, 'path_too_long');
            for (const part of [`${limit + 1} bytes`, String(limit), tooLong, 'DAYBOOK_HOME']) {
              assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
            }
            return true;
          },
        );
      });
    }
  }

  test('the limits are those of the socket addresses', () => {
    // sockaddr_un.sun_path has 104 bytes on macOS and 108 on Linux, one of them for the final NUL.
    assert.equal(limits.socketPathBytesDarwin, 104 - 1);
    assert.equal(limits.socketPathBytesLinux, 108 - 1);
  });
});
