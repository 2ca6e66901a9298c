import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { runCommand } from '../../launchd/run-command.ts';
import { openService, type Service, type ServiceOptions } from '../../launchd/service.ts';
import { renderSystemdUnit } from '../../launchd/systemd-unit.ts';
import { FakeClock } from './fake-clock.ts';
import { RecordedTool, type Call } from './recorded-tool.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';

interface Stage {
  service: Service;
  systemctl: RecordedTool;
  options: ServiceOptions;
  unitPath: string;
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
    logDirectory: join(homeDirectory, '.local', 'state', 'daybook'),
    environment: {},
    run: systemctl.run,
    clock: new FakeClock(),
    ...overrides,
  };
  const unitPath = join(homeDirectory, '.config', 'systemd', 'user', 'daybook.service');
  return { service: openService(options), systemctl, options, unitPath };
}

function writeUnit({ unitPath, options }: Stage): void {
  mkdirSync(dirname(unitPath), { recursive: true });
  writeFileSync(unitPath, renderSystemdUnit(options));
}

/** `systemctl --user VERB daybook.service`, or without the unit for daemon-reload. */
function call(verb: string, exitCode: number, output: { stdout?: string; stderr?: string } = {}): Call {
  const unit = verb === 'daemon-reload' ? [] : ['daybook.service'];
  return { args: ['--user', ...verb.split(' '), ...unit], exitCode, ...output };
}

const inactive = { stdout: 'inactive\n' };

describe('install', () => {
  const calls = [call('is-active', 3, inactive), call('daemon-reload', 0), call('enable', 0), call('restart', 0)];

  test('writes the unit, enables and starts it', async (context) => {
    const { service, systemctl, unitPath, options } = stage(context, { environment: { DAYBOOK_HOME: '/srv/a b' } });
    const report = await systemctl.play(calls, () => service.install());
    assert.deepEqual(report, { definitionPath: unitPath, outcome: 'created', changes: [], warnings: [] });
    assert.equal(readFileSync(unitPath, 'utf8'), renderSystemdUnit(options));
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
      refusal('command_failed', "'systemctl --user enable daybook.service' answered 1", 'is masked', 'journalctl'),
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
  test('call systemctl once', async (context) => {
    const set = stage(context);
    writeUnit(set);
    await set.systemctl.play([call('start', 0)], () => set.service.start());
    await set.systemctl.play([call('stop', 0)], () => set.service.stop());
    await set.systemctl.play([call('restart', 0)], () => set.service.restart());
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

  test('stop when systemd does not know the unit', async (context) => {
    const { service, systemctl } = stage(context);
    await systemctl.play([call('stop', 5)], () => service.stop());
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

describe('state', () => {
  test('not installed, without asking systemd', async (context) => {
    const { service, systemctl } = stage(context);
    assert.equal(await systemctl.play([], () => service.state()), 'not-installed');
  });

  const table: [expected: string, calls: Call[]][] = [
    ['running', [call('is-active', 0, { stdout: 'active\n' })]],
    ['failed', [call('is-active', 3, { stdout: 'failed\n' })]],
    ['failed', [call('is-active', 3, { stdout: 'activating\n' })]],
    ['stopped', [call('is-active', 3, inactive), call('is-enabled', 0)]],
    ['disabled', [call('is-active', 3, inactive), call('is-enabled', 1)]],
    ['stopped', [call('is-active', 4, inactive), call('is-enabled', 0)]],
  ];
  for (const [index, [expected, calls]] of table.entries()) {
    test(`${expected} (${index})`, async (context) => {
      const set = stage(context);
      writeUnit(set);
      assert.equal(await set.systemctl.play(calls, () => set.service.state()), expected);
    });
  }

  test('without a session', async (context) => {
    const set = stage(context);
    writeUnit(set);
    const stderr = 'Failed to connect to bus: No medium found\n';
    await assert.rejects(
      set.systemctl.play([call('is-active', 1, { stderr })], () => set.service.state()),
      refusal('no_session'),
    );
  });
});
