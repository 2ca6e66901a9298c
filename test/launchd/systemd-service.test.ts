import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { errorInJournal } from '../../launchd/journal-errors.ts';
import { runCommand } from '../../launchd/run-command.ts';
import { openService, type Service, type ServiceOptions } from '../../launchd/service.ts';
import { renderSocketUnit, renderSystemdUnit } from '../../launchd/systemd-unit.ts';
import { unitProperties } from '../../launchd/unit-state.ts';
import { FakeClock } from './fake-clock.ts';
import { RecordedTool, type Call } from './recorded-tool.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';

interface Stage {
  service: Service;
  systemctl: RecordedTool;
  options: ServiceOptions;
  unitPath: string;
  socketUnitPath: string;
}

function stage(context: TestContext, overrides: Partial<ServiceOptions> = {}): Stage {
  const root = temporaryDirectory(context);
  const tools = join(root, 'tools');
  const homeDirectory = join(root, 'home');
  mkdirSync(tools);
  mkdirSync(homeDirectory);
  const systemctl = new RecordedTool(tools, 'systemctl');
  const options: ServiceOptions = {
    platform: 'linux',
    homeDirectory,
    uid: 1000,
    nodePath: '/usr/bin/node',
    scriptPath: '/usr/lib/node_modules/daybook/client/cli/daybook.js',
    socketPath: join(homeDirectory, '.local', 'share', 'daybook', 'daybook.sock'),
    logDirectory: join(homeDirectory, '.local', 'state', 'daybook'),
    environment: {},
    run: systemctl.run,
    clock: new FakeClock(),
    ...overrides,
  };
  const unitPath = join(homeDirectory, '.config', 'systemd', 'user', 'daybook.service');
  const socketUnitPath = join(dirname(unitPath), 'daybook.socket');
  return { service: openService(options), systemctl, options, unitPath, socketUnitPath };
}

function writeUnit({ unitPath, socketUnitPath, options }: Stage): void {
  mkdirSync(dirname(unitPath), { recursive: true });
  writeFileSync(unitPath, renderSystemdUnit(options));
  writeFileSync(socketUnitPath, renderSocketUnit(options));
}

const both = ['daybook.socket', 'daybook.service'];

/** `systemctl --user VERB daybook.socket daybook.service`, the service alone, or no unit for daemon-reload. */
function call(verb: string, exitCode: number, output: { stdout?: string; stderr?: string } = {}): Call {
  const units = verb === 'daemon-reload' ? [] : ['is-active', 'restart'].includes(verb) ? ['daybook.service'] : both;
  return { args: ['--user', ...verb.split(' '), ...units], exitCode, ...output };
}

/** What `systemctl show` says of the two. */
function show(service: Record<string, string>, socket: Record<string, string> = {}): Call {
  const block = (id: string, properties: Record<string, string>) =>
    Object.entries({ Id: id, ...properties })
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  const stdout = `${block('daybook.socket', socket)}\n${block('daybook.service', service)}`;
  const properties = `--property=${unitProperties.join(',')}`;
  return { args: ['--user', 'show', ...both, properties], exitCode: 0, stdout };
}

const inactive = { stdout: 'inactive\n' };

describe('install', () => {
  const calls = [
    call('is-active', 3, inactive),
    call('daemon-reload', 0),
    call('enable', 0),
    call('stop', 0),
    call('start', 0),
  ];

  test('writes the unit, enables and starts it', async (context) => {
    const set = stage(context, { environment: { DAYBOOK_HOME: '/srv/a b' } });
    const { service, systemctl, unitPath, socketUnitPath, options } = set;
    const report = await systemctl.play(calls, () => service.install());
    assert.deepEqual(report, { definitionPath: unitPath, outcome: 'created', changes: [], warnings: [] });
    assert.equal(readFileSync(unitPath, 'utf8'), renderSystemdUnit(options));
    assert.equal(readFileSync(socketUnitPath, 'utf8'), renderSocketUnit(options));
    assert.equal(statSync(dirname(options.socketPath)).mode & 0o777, 0o700, 'systemd binds before the daemon runs');
  });

  test('repairs the socket unit, and adds it to what an older version has installed', async (context) => {
    const set = stage(context);
    writeUnit(set);
    rmSync(set.socketUnitPath);
    const added = await set.systemctl.play(calls, () => set.service.install());
    assert.deepEqual([added.outcome, added.changes], ['repaired', ['daybook.socket: (missing) -> installed']]);
    const good = readFileSync(set.socketUnitPath, 'utf8');
    writeFileSync(set.socketUnitPath, good.replace('SocketMode=0600', 'SocketMode=0666'));
    const repaired = await set.systemctl.play(calls, () => set.service.install());
    assert.deepEqual([repaired.outcome, repaired.changes], ['repaired', ['SocketMode: 0666 -> 0600']]);
    assert.equal(readFileSync(set.socketUnitPath, 'utf8'), good);
    assert.equal((await set.systemctl.play(calls, () => set.service.install())).outcome, 'unchanged');
  });

  test('where XDG_CONFIG_HOME says', async (context) => {
    const xdgConfigHome = temporaryDirectory(context);
    const { service, systemctl } = stage(context, { xdgConfigHome });
    const report = await systemctl.play(calls, () => service.install());
    assert.equal(report.definitionPath, join(xdgConfigHome, 'systemd', 'user', 'daybook.service'));
    assert.ok(existsSync(report.definitionPath));
  });

  for (const xdgConfigHome of ['', 'relative/config']) {
    test(`not where XDG_CONFIG_HOME=${JSON.stringify(xdgConfigHome)} says`, async (context) => {
      const { service, systemctl, unitPath } = stage(context, { xdgConfigHome });
      assert.equal((await systemctl.play(calls, () => service.install())).definitionPath, unitPath);
    });
  }

  test('twice: the second time changes nothing and restarts the daemon', async (context) => {
    const { service, systemctl, unitPath } = stage(context);
    await systemctl.play(calls, () => service.install());
    const first = readFileSync(unitPath, 'utf8');
    const report = await systemctl.play([call('is-active', 0), ...calls.slice(1)], () => service.install());
    assert.equal(report.outcome, 'unchanged');
    assert.equal(readFileSync(unitPath, 'utf8'), first);
  });

  test('repairs an edited unit and says what was different', async (context) => {
    const set = stage(context);
    const { service, systemctl, unitPath } = set;
    writeUnit(set);
    const good = readFileSync(unitPath, 'utf8');
    writeFileSync(
      unitPath,
      good
        .replace('/usr/bin/node', '/old/node')
        .replace('RestartSec=5\n', '')
        .replace('[Install]', 'Nice=5\n[Install]'),
    );
    const report = await systemctl.play(calls, () => service.install());
    assert.equal(report.outcome, 'repaired');
    const script = '"/usr/lib/node_modules/daybook/client/cli/daybook.js" "daemon"';
    assert.deepEqual(report.changes, [
      `ExecStart: ":/old/node" ${script} -> ":/usr/bin/node" ${script}`,
      'Nice: 5 -> (removed)',
      'RestartSec: (missing) -> 5',
    ]);
    assert.equal(readFileSync(unitPath, 'utf8'), good);
  });

  test('repairs a comment', async (context) => {
    const set = stage(context);
    writeUnit(set);
    writeFileSync(set.unitPath, `# mine\n${readFileSync(set.unitPath, 'utf8')}`);
    const report = await set.systemctl.play(calls, () => set.service.install());
    assert.deepEqual([report.outcome, report.changes], ['repaired', ['spacing, order or comments']]);
  });

  for (const stderr of [
    'Failed to connect to bus: No medium found\n',
    'Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined (consider using …)\n',
    'Failed to connect to user scope bus via local transport: No such file or directory\n',
  ]) {
    test(`leaves nothing behind without a session: ${stderr.trim()}`, async (context) => {
      const { service, systemctl, unitPath } = stage(context);
      await assert.rejects(
        systemctl.play([call('is-active', 1, { stderr })], () => service.install()),
        refusal('no_session', stderr.trim(), 'loginctl enable-linger', 'daybook daemon'),
      );
      assert.ok(!existsSync(unitPath));
    });
  }

  test('a step that fails is named', async (context) => {
    const { service, systemctl } = stage(context);
    const stderr = 'Failed to enable unit: Unit file /home/a/.config/systemd/user/daybook.service is masked.\n';
    await assert.rejects(
      systemctl.play([call('is-active', 3), call('daemon-reload', 0), call('enable', 1, { stderr })], () =>
        service.install(),
      ),
      refusal(
        'command_failed',
        "'systemctl --user enable daybook.socket daybook.service' answered 1",
        'is masked',
        'journalctl',
      ),
    );
  });

  test('without systemd', async (context) => {
    const { options, unitPath } = stage(context);
    const service = openService({ ...options, run: (_program, args) => runCommand('/nonexistent/systemctl', args) });
    await assert.rejects(service.install(), refusal('command_missing', 'daybook daemon'));
    assert.ok(!existsSync(unitPath));
  });
});

describe('uninstall', () => {
  test('when nothing is there', async (context) => {
    const { service, systemctl, unitPath } = stage(context);
    const report = await systemctl.play([], () => service.uninstall());
    assert.deepEqual(report, { definitionPath: unitPath, removed: false });
  });

  test('stops, disables and removes', async (context) => {
    const set = stage(context);
    writeUnit(set);
    const report = await set.systemctl.play([call('disable --now', 0), call('daemon-reload', 0)], () =>
      set.service.uninstall(),
    );
    assert.deepEqual(report, { definitionPath: set.unitPath, removed: true });
    assert.ok(!existsSync(set.unitPath));
  });

  test('keeps the unit when it cannot be stopped', async (context) => {
    const set = stage(context);
    writeUnit(set);
    await assert.rejects(
      set.systemctl.play([call('disable --now', 1)], () => set.service.uninstall()),
      refusal('command_failed'),
    );
    assert.ok(existsSync(set.unitPath));
  });
});

describe('start, stop and restart', () => {
  test('call systemctl once: for both units, but a restart leaves the socket and who waits at it', async (context) => {
    const set = stage(context);
    writeUnit(set);
    await set.systemctl.play([call('start', 0)], () => set.service.start());
    await set.systemctl.play([call('stop', 0)], () => set.service.stop());
    await set.systemctl.play([call('restart', 0)], () => set.service.restart());
  });

  test('of what an older version has installed, without the socket unit', async (context) => {
    const set = stage(context);
    writeUnit(set);
    rmSync(set.socketUnitPath);
    const one = (...verb: string[]): Call => ({ args: ['--user', ...verb, 'daybook.service'], exitCode: 0 });
    await set.systemctl.play([one('start')], () => set.service.start());
    await set.systemctl.play([one('stop')], () => set.service.stop());
    await set.systemctl.play([one('disable', '--now'), call('daemon-reload', 0)], () => set.service.uninstall());
  });

  test('start and restart before install', async (context) => {
    const { service, systemctl } = stage(context);
    await assert.rejects(
      systemctl.play([], () => service.start()),
      refusal('not_installed', 'daybook install'),
    );
    await assert.rejects(
      systemctl.play([], () => service.restart()),
      refusal('not_installed', 'daybook install'),
    );
  });

  test('stop when systemd does not know the unit, or nothing is installed', async (context) => {
    const set = stage(context);
    await set.systemctl.play([], () => set.service.stop());
    writeUnit(set);
    await set.systemctl.play([call('stop', 5)], () => set.service.stop());
  });

  test('a start that fails points to the journal', async (context) => {
    const set = stage(context);
    writeUnit(set);
    await assert.rejects(
      set.systemctl.play([call('start', 1)], () => set.service.start()),
      refusal('command_failed', 'journalctl --user --unit daybook.service'),
    );
  });
});

describe('report', () => {
  test('not installed, without asking systemd', async (context) => {
    const { service, systemctl } = stage(context);
    const report = await systemctl.play([], () => service.report());
    assert.deepEqual(report, { state: 'not-installed', isListening: false });
  });

  const exited = { ExecMainCode: '1', MainPID: '0' };
  const table: [what: string, calls: Call, report: object][] = [
    [
      'running',
      show({ ActiveState: 'active', SubState: 'running', MainPID: '4711' }, { ActiveState: 'active' }),
      { state: 'running', pid: 4711, isListening: true },
    ],
    [
      'being started',
      show({ ActiveState: 'activating', SubState: 'start' }),
      { state: 'starting', isListening: false },
    ],
    [
      'between two tries',
      show({ ActiveState: 'activating', SubState: 'auto-restart', ...exited, ExecMainStatus: '1' }),
      { state: 'failed', lastExit: 'exit code 1', isListening: false },
    ],
    [
      'refused to start',
      show({ ActiveState: 'failed', ...exited, ExecMainStatus: '78', Result: 'exit-code' }, { ActiveState: 'active' }),
      { state: 'failed', lastExit: 'exit code 78', isListening: true },
    ],
    [
      'killed',
      show({ ActiveState: 'failed', ExecMainCode: '2', ExecMainStatus: '9', Result: 'signal' }),
      { state: 'failed', lastExit: 'signal 9', isListening: false },
    ],
    [
      'out of memory',
      show({ ActiveState: 'failed', ExecMainCode: '2', ExecMainStatus: '9', Result: 'oom-kill' }),
      { state: 'failed', lastExit: 'killed for want of memory', isListening: false },
    ],
    [
      'node is gone',
      show({ ActiveState: 'failed', ...exited, ExecMainStatus: '203' }),
      { state: 'failed', lastExit: 'exit code 203 (the program could not be run)', isListening: false },
    ],
    [
      'stopped',
      show({
        ActiveState: 'inactive',
        UnitFileState: 'enabled',
        ...exited,
        ExecMainStatus: '0',
        ExecMainExitTimestamp: 'Sun 2026-11-22 07:00:01 CET',
      }),
      {
        state: 'stopped',
        lastExit: 'exit code 0',
        endedMs: Date.parse('2026-11-22T07:00:01'),
        isListening: false,
      },
    ],
    [
      'stopped for good, because the socket was asked too often',
      show({ ActiveState: 'inactive', UnitFileState: 'enabled' }, { ActiveState: 'failed' }),
      { state: 'failed', isListening: false },
    ],
    [
      'disabled',
      show({ ActiveState: 'inactive', UnitFileState: 'disabled' }),
      { state: 'disabled', isListening: false },
    ],
    ['masked', show({ ActiveState: 'inactive', UnitFileState: 'masked' }), { state: 'disabled', isListening: false }],
    ['unknown words', show({ ActiveState: 'reticulating' }), { state: 'stopped', isListening: false }],
  ];
  for (const [what, answer, expected] of table) {
    test(what, async (context) => {
      const set = stage(context);
      writeUnit(set);
      assert.deepEqual(await set.systemctl.play([answer], () => set.service.report()), expected);
    });
  }

  test('without a session', async (context) => {
    const set = stage(context);
    writeUnit(set);
    const answer = { ...show({}), exitCode: 1, stdout: '', stderr: 'Failed to connect to bus: No medium found\n' };
    await assert.rejects(
      set.systemctl.play([answer], () => set.service.report()),
      refusal('no_session'),
    );
  });
});

describe('inspect', () => {
  test('sees both files, and that systemd has not read them again', async (context) => {
    const set = stage(context);
    writeUnit(set);
    const inspect = (needs: string) =>
      set.systemctl.play([show({ ActiveState: 'active', NeedDaemonReload: 'no' }, { NeedDaemonReload: needs })], () =>
        set.service.inspect(),
      );
    const same = await inspect('no');
    assert.deepEqual([same.file, same.state, same.isStale], ['same', 'running', false]);
    assert.equal((await inspect('yes')).isStale, true);
    writeFileSync(set.socketUnitPath, renderSocketUnit({ ...set.options, socketPath: '/elsewhere.sock' }));
    const different = await inspect('no');
    assert.equal(different.file, 'different');
    assert.match(different.changes.join(), /^ListenStream: \/elsewhere\.sock -> .*daybook\.sock$/u);
    rmSync(set.socketUnitPath);
    assert.deepEqual((await inspect('no')).changes, ['daybook.socket: (missing) -> installed']);
  });
});

describe('the last error', () => {
  const line = (MESSAGE: unknown, seconds: number, SYSLOG_IDENTIFIER = 'daybook') =>
    JSON.stringify({ MESSAGE, SYSLOG_IDENTIFIER, __REALTIME_TIMESTAMP: String(seconds * 1e6) });
  const refused = line('daybook: the schema is newer; install a newer daybook', 20);
  const table: [what: string, lines: string[], text: string | undefined][] = [
    ['nothing', [], undefined],
    [
      'of the daemon, not of systemd',
      [refused, line('Failed with result exit-code', 21, 'systemd')],
      'the schema is newer; install a newer daybook',
    ],
    ['from before it was ready', [refused, line('daybook 0.1.0 is ready: pid 1, socket /s', 22)], undefined],
    ['damaged lines', ['{', line([1, 2], 19), refused], 'the schema is newer; install a newer daybook'],
  ];
  for (const [what, lines, text] of table) {
    test(what, () => {
      const found = errorInJournal(lines.join('\n'));
      assert.deepEqual(found, text === undefined ? undefined : { text, timeMs: 20_000 });
    });
  }

  test('is asked of journalctl, whose absence says nothing', async (context) => {
    const { options } = stage(context);
    const asked: string[][] = [];
    const service = (exitCode: number) =>
      openService({
        ...options,
        run: async (program, args) => {
          asked.push([program, ...args]);
          return { exitCode, stdout: refused, stderr: '' };
        },
      });
    assert.equal((await service(0).lastError())?.timeMs, 20_000);
    assert.deepEqual(asked[0]?.slice(0, 4), ['journalctl', '--user', '--unit', 'daybook.service']);
    assert.equal(await service(1).lastError(), undefined);
    const none = openService({ ...options, run: (_program, args) => runCommand('/nonexistent/journalctl', args) });
    assert.equal(await none.lastError(), undefined);
  });
});
