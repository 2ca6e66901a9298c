import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ServiceError } from '../../launchd/service-error.ts';
import { readSystemdUnit, renderSocketUnit, renderSystemdUnit } from '../../launchd/systemd-unit.ts';
import { nastyNames } from './nasty-paths.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const noAnalyzer =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed';

/** Characters that systemd does not allow in the path of a program, however they are quoted. */
const unsafeInProgram = /["'\\]/u;

function definitionIn(directory: string, environment: Record<string, string> = {}) {
  return {
    nodePath: join(directory, 'node'),
    scriptPath: join(directory, 'daybook.js'),
    socketPath: join(directory, 'daybook.sock'),
    logDirectory: join(directory, 'logs'),
    environment,
  };
}

/** A program in one place, its script and its data in another. */
function definitionFor(programs: string, directory: string) {
  return { ...definitionIn(directory, { DAYBOOK_HOME: directory }), nodePath: join(programs, 'node') };
}

function programDirectory(name: string): string {
  return unsafeInProgram.test(name) ? '/opt' : `/opt/${name}`;
}

/**
 * Undoes the quoting as systemd.syntax(7) describes it: words in double quotes, C escapes inside them, %% for a percent
 * sign. Anything else that systemd would interpret (single quotes, other escapes, lone specifiers) is an error here.
 */
function readWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\["\\])*"(?= |$)/gu) ?? [];
  assert.equal(words.join(' '), line);
  return words.map((word) => {
    const text = word.slice(1, -1).replace(/\\(["\\])/gu, '$1');
    assert.doesNotMatch(text.replaceAll('%%', ''), /%/u);
    return text.replaceAll('%%', '%');
  });
}

describe('renderSystemdUnit', () => {
  test('has exactly these settings', () => {
    const unit = renderSystemdUnit(definitionIn('/home/a', { DAYBOOK_HOME: '/home/a/b c', LANG: 'C' }));
    assert.deepEqual(Object.fromEntries(readSystemdUnit(unit)), {
      Description: 'Daybook, the durable memory of this computer',
      StartLimitIntervalSec: '0',
      Requires: 'daybook.socket',
      After: 'daybook.socket',
      Type: 'exec',
      ExecStart: '":/home/a/node" "/home/a/daybook.js" "daemon"',
      Environment: '"DAYBOOK_HOME=/home/a/b c" "LANG=C" "DAYBOOK_LISTEN_FD=0"',
      StandardInput: 'socket',
      StandardOutput: 'journal',
      StandardError: 'journal',
      Restart: 'on-failure',
      RestartPreventExitStatus: '78',
      RestartSec: '5',
      TimeoutStopSec: '10',
      UMask: '0077',
      LimitNOFILE: '8192',
      SyslogIdentifier: 'daybook',
      WantedBy: 'default.target',
    });
    assert.deepEqual(unit.match(/^\[.*\]$/gmu), ['[Unit]', '[Service]', '[Install]']);
  });

  test('the socket unit has exactly these settings', () => {
    const unit = renderSocketUnit({ ...definitionIn('/home/a'), socketPath: '/home/a b/100%/daybook.sock' });
    assert.deepEqual(Object.fromEntries(readSystemdUnit(unit)), {
      Description: 'Daybook, the socket its clients connect to',
      ListenStream: '/home/a b/100%%/daybook.sock',
      SocketMode: '0600',
      DirectoryMode: '0700',
      RemoveOnStop: 'yes',
      TriggerLimitIntervalSec: '60',
      TriggerLimitBurst: '10',
      WantedBy: 'sockets.target',
    });
  });

  for (const name of nastyNames) {
    test(`the quoting of ${JSON.stringify(name)} can be undone`, () => {
      const unit = renderSystemdUnit(definitionFor('/opt', `/home/a/${name}`));
      const settings = readSystemdUnit(unit);
      assert.deepEqual(readWords(settings.get('ExecStart') ?? ''), [
        ':/opt/node',
        `/home/a/${name}/daybook.js`,
        'daemon',
      ]);
      assert.deepEqual(readWords(settings.get('Environment') ?? ''), [
        `DAYBOOK_HOME=/home/a/${name}`,
        'DAYBOOK_LISTEN_FD=0',
      ]);
    });
  }

  for (const name of nastyNames.filter((nasty) => unsafeInProgram.test(nasty))) {
    test(`refuses ${JSON.stringify(name)} in the path of node, as systemd would`, () => {
      assert.throws(
        () => renderSystemdUnit(definitionIn(`/opt/${name}`)),
        (error) => error instanceof ServiceError && error.code === 'invalid_definition',
      );
    });
  }

  // verify looks for the program on the disk, so it is silent only if it reads back exactly the path that was meant.
  test('systemd-analyze verify finds each program and has nothing to say', { skip: noAnalyzer }, (context) => {
    const root = temporaryDirectory(context);
    const runtime = join(root, 'runtime');
    mkdirSync(runtime, { mode: 0o700 });
    for (const [index, name] of nastyNames.entries()) {
      const directory = join(root, `programs-${index}`, programDirectory(name));
      mkdirSync(directory, { recursive: true });
      symlinkSync(process.execPath, join(directory, 'node'));
      const units = join(root, `${index}`);
      mkdirSync(units);
      const file = join(units, 'daybook.service');
      const definition = definitionFor(directory, `/home/a/${name}`);
      writeFileSync(file, renderSystemdUnit(definition));
      const socketFile = join(units, 'daybook.socket');
      writeFileSync(socketFile, renderSocketUnit(definition));
      const result = spawnSync('systemd-analyze', ['verify', '--user', file, socketFile], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: runtime },
      });
      assert.deepEqual({ name, status: result.status, stderr: result.stderr }, { name, status: 0, stderr: '' });
    }
  });

  test('systemd-analyze verify notices a program that is not there', { skip: noAnalyzer }, (context) => {
    const root = temporaryDirectory(context);
    const file = join(root, 'daybook.service');
    writeFileSync(file, renderSystemdUnit(definitionIn(join(root, 'nowhere'))));
    const result = spawnSync('systemd-analyze', ['verify', '--user', file], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: root },
    });
    assert.match(result.stderr, /nowhere/u);
  });

  for (const directory of ['home/a', '/home/\u0001', '/home/a\nExecStartPre=/bin/false', '/home/\ud83d']) {
    test(`refuses ${JSON.stringify(directory)}`, () => {
      assert.throws(
        () => renderSystemdUnit(definitionIn(directory)),
        (error) => error instanceof ServiceError && error.code === 'invalid_definition',
      );
    });
  }
});
