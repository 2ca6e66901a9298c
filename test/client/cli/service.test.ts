import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type CommandResult, daybook, daybookExecutable } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

/** A home directory, and a systemctl first in PATH that writes down how it was called. */
class Stage {
  readonly directory: string;
  readonly unitPath: string;
  readonly #calls: string;

  constructor(directory: string) {
    this.directory = directory;
    this.unitPath = join(directory, '.config', 'systemd', 'user', 'daybook.service');
    this.#calls = join(directory, 'calls');
    mkdirSync(join(directory, 'tools'));
    const tool = join(directory, 'tools', 'systemctl');
    // is-active says no; what is in the file "fail" fails.
    writeFileSync(
      tool,
      `#!/bin/sh
printf '%s\\n' "$*" >> '${this.#calls}'
[ "$2" = is-active ] && { echo inactive; exit 3; }
if [ -f '${directory}/fail' ]; then cat '${directory}/fail' >&2; exit 1; fi
exit 0
`,
    );
    chmodSync(tool, 0o755);
  }

  run(home: string, ...args: string[]): Promise<CommandResult> {
    const { XDG_CONFIG_HOME: _config, ...environment } = process.env;
    return daybook(home, args, {
      environment: {
        ...environment,
        XDG_CONFIG_HOME: '',
        HOME: this.directory,
        PATH: `${join(this.directory, 'tools')}:${process.env['PATH']}`,
      },
    });
  }

  /** The calls since the last look. */
  takeCalls(): string[] {
    if (!existsSync(this.#calls)) return [];
    const calls = readFileSync(this.#calls, 'utf8').trimEnd().split('\n');
    writeFileSync(this.#calls, '');
    return calls.filter((call) => call !== '');
  }
}

const skip = process.platform === 'linux' ? false : 'these are the calls of systemd';

describe('the service, through the command line', { skip }, () => {
  test('install, restart, start, status, stop, uninstall', async () => {
    // Plays the daemon that systemd would start.
    await using daemon = await DaemonProcess.start();
    using place = temporaryHome();
    const stage = new Stage(place.path);
    const running = `running (pid ${daemon.process.pid})\n`;

    const installed = await stage.run(daemon.home, 'install');
    assert.equal(installed.exitCode, 0, installed.stderr);
    assert.equal(installed.stdout, `${stage.unitPath}: created\n${running}`);
    assert.deepEqual(stage.takeCalls(), [
      '--user is-active daybook.service',
      '--user daemon-reload',
      '--user enable daybook.service',
      '--user restart daybook.service',
    ]);
    const unit = readFileSync(stage.unitPath, 'utf8');
    assert.ok(unit.includes(daybookExecutable) && unit.includes(process.execPath), unit);
    assert.ok(unit.includes(`DAYBOOK_HOME=${daemon.home}`) && unit.includes('DAYBOOK_SUPERVISED=1'), unit);

    assert.equal((await stage.run(daemon.home, 'install')).stdout, `${stage.unitPath}: unchanged\n${running}`);
    writeFileSync(stage.unitPath, unit.replace(daybookExecutable, '/elsewhere/daybook.js'));
    const repaired = await stage.run(daemon.home, 'install');
    assert.match(repaired.stdout, /: repaired \(ExecStart: .*\/elsewhere\/daybook\.js/);
    assert.equal(readFileSync(stage.unitPath, 'utf8'), unit);
    stage.takeCalls();

    assert.deepEqual(await stage.run(daemon.home, 'restart'), {
      exitCode: 0,
      signal: null,
      stdout: running,
      stderr: '',
    });
    assert.deepEqual(await stage.run(daemon.home, 'start'), { exitCode: 0, signal: null, stdout: running, stderr: '' });
    assert.deepEqual(stage.takeCalls(), ['--user restart daybook.service', '--user start daybook.service']);

    const status = await stage.run(daemon.home, 'status', '--json');
    assert.equal((JSON.parse(status.stdout) as { service: string }).service, 'stopped');
    stage.takeCalls();

    const stopped = await stage.run(daemon.home, 'stop');
    assert.deepEqual([stopped.exitCode, stopped.stdout], [0, 'stopped\n']);
    assert.deepEqual(stage.takeCalls(), ['--user stop daybook.service']);

    const kept = `your events are still in ${daemon.paths.database}\n`;
    const removed = await stage.run(daemon.home, 'uninstall');
    assert.deepEqual([removed.exitCode, removed.stdout], [0, `removed ${stage.unitPath}\n${kept}`]);
    assert.deepEqual(stage.takeCalls(), ['--user disable --now daybook.service', '--user daemon-reload']);
    assert.ok(!existsSync(stage.unitPath));
    const again = await stage.run(daemon.home, 'uninstall');
    assert.deepEqual([again.exitCode, again.stdout], [0, `nothing to remove: there is no ${stage.unitPath}\n${kept}`]);
  });

  test('start and restart before install exit 1 and say what to do', async () => {
    using place = temporaryHome();
    const stage = new Stage(place.path);
    for (const command of ['start', 'restart']) {
      const { exitCode, stdout, stderr } = await stage.run(place.path, command);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^daybook: .*daybook install/s);
    }
    assert.deepEqual(stage.takeCalls(), []);
  });

  test('a step that fails exits 1 and is named', async () => {
    using place = temporaryHome();
    const stage = new Stage(place.path);
    writeFileSync(join(place.path, 'fail'), 'Failed to enable unit: it is masked.\n');
    const { exitCode, stdout, stderr } = await stage.run(place.path, 'install');
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^daybook: .*daemon-reload.*it is masked/);
  });

  test('without a session it exits 1 and says what to do instead', async () => {
    using place = temporaryHome();
    const stage = new Stage(place.path);
    const tool = join(place.path, 'tools', 'systemctl');
    writeFileSync(tool, '#!/bin/sh\necho "Failed to connect to bus: No medium found" >&2\nexit 1\n');
    const { exitCode, stderr } = await stage.run(place.path, 'install');
    assert.equal(exitCode, 1);
    assert.match(stderr, /daybook daemon/);
    assert.ok(!existsSync(stage.unitPath));
  });
});
