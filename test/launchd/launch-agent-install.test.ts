import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { openService } from '../../launchd/service.ts';
import { domain, stage, target, writePlist } from './launch-agent-stage.ts';
import type { Call } from './recorded-tool.ts';
import { refusal } from './refusal.ts';

describe('install of a LaunchAgent', () => {
  test('on a fresh machine', async (context) => {
    const { agent, launchctl, clock, plistPath, options, call } = stage(context);
    const report = await launchctl.play([call.bootout(3), call.enable(0), call.bootstrap(0), call.kickstart(0)], () =>
      agent.install(),
    );
    assert.deepEqual(report, { definitionPath: plistPath, outcome: 'created', changes: [], warnings: [] });
    const plist = readFileSync(plistPath, 'utf8');
    assert.match(plist, /<string>\/opt\/homebrew\/opt\/node\/bin\/node<\/string>/u);
    assert.doesNotMatch(plist, /EnvironmentVariables|Cellar/u);
    assert.equal(statSync(plistPath).mode & 0o022, 0, 'launchd refuses a plist that others may write');
    assert.equal(statSync(options.logDirectory).mode & 0o777, 0o700);
    assert.deepEqual(clock.waitsMs, []);
  });

  test('bootout may also say that it does not know the label', async (context) => {
    const { agent, launchctl, call } = stage(context);
    await launchctl.play([call.bootout(113), call.enable(0), call.bootstrap(0), call.kickstart(0)], () =>
      agent.install(),
    );
  });

  test('over a running agent: waits until launchd has let go of it', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    await launchctl.play(
      [
        call.bootout(0),
        call.print(0),
        call.bootout(36),
        call.print(0),
        call.bootout(36),
        call.print(113),
        call.enable(0),
        call.bootstrap(0),
        call.kickstart(0),
      ],
      () => agent.install(),
    );
    assert.deepEqual(clock.waitsMs, [250, 500]);
  });

  test('bootstrap answers 5 ten times', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    const fives = Array.from({ length: 10 }, () => call.bootstrap(5));
    await launchctl.play(
      [call.bootout(0), call.print(113), call.enable(0), ...fives, call.bootstrap(0), call.kickstart(0)],
      () => agent.install(),
    );
    assert.equal(clock.waitsMs.length, 10);
    assert.ok(clock.nowMs() < 15_000);
  });

  test('bootstrap answers 36 once', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    await launchctl.play(
      [call.bootout(3), call.enable(0), call.bootstrap(36), call.bootstrap(0), call.kickstart(0)],
      () => agent.install(),
    );
    assert.deepEqual(clock.waitsMs, [250]);
  });

  test('bootstrap answers 37: it is loaded, and only has to run', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    await launchctl.play([call.bootout(3), call.enable(0), call.bootstrap(37), call.kickstart(0)], () =>
      agent.install(),
    );
    assert.deepEqual(clock.waitsMs, []);
  });

  test('bootstrap answers 37 but kickstart does not know the label: it was on its way out', async (context) => {
    const { agent, launchctl, call } = stage(context);
    await launchctl.play(
      [
        call.bootout(3),
        call.enable(0),
        call.bootstrap(37),
        call.kickstart(113),
        call.bootstrap(0),
        call.kickstart(37),
        call.bootstrap(37),
        call.kickstart(0),
      ],
      () => agent.install(),
    );
  });

  test('bootstrap answers 5 for ever: 15 s, then the command, the switch and the log are named', async (context) => {
    const { agent, launchctl, clock, plistPath, options, call } = stage(context);
    const fives = Array.from({ length: 13 }, () => ({
      ...call.bootstrap(5),
      stderr: 'Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.\n',
    }));
    await assert.rejects(
      launchctl.play([call.bootout(3), call.enable(0), ...fives], () => agent.install()),
      refusal(
        'command_failed',
        `run by hand: launchctl bootstrap ${domain} '${plistPath}'`,
        '(Bootstrap failed: 5: Input/output error)',
        'System Settings > General > Login Items',
        join(options.logDirectory, 'daemon.err.log'),
      ),
    );
    assert.equal(clock.nowMs(), 15_000);
  });

  test('an answer that waiting does not change is reported at once', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    await assert.rejects(
      launchctl.play([call.bootout(3), call.enable(0), call.bootstrap(109)], () => agent.install()),
      refusal('command_failed', 'answered 109'),
    );
    assert.deepEqual(clock.waitsMs, []);
  });

  for (const code of [112, 125]) {
    test(`bootstrap answers ${code}: nobody is logged in at the screen`, async (context) => {
      const { agent, launchctl, call } = stage(context);
      await assert.rejects(
        launchctl.play([call.bootout(code), call.print(code), call.enable(0), call.bootstrap(code)], () =>
          agent.install(),
        ),
        refusal('no_session', 'user 501', 'ssh is not enough'),
      );
    });
  }

  test('launchd does not let go: 25 s, then the command is named', async (context) => {
    const { agent, launchctl, clock, call } = stage(context);
    const round = [call.bootout(36), call.print(0)];
    await assert.rejects(
      launchctl.play(Array.from({ length: 20 }, () => round).flat(), () => agent.install()),
      refusal('timed_out', `launchctl bootout ${target}`, 'daemon.err.log'),
    );
    assert.equal(clock.nowMs(), 25_000);
  });

  test('twice: the second time changes nothing and restarts the daemon', async (context) => {
    const { agent, launchctl, plistPath, call } = stage(context);
    const calls = (bootout: number): Call[] => [
      call.bootout(bootout),
      ...(bootout === 0 ? [call.print(113)] : []),
      call.enable(0),
      call.bootstrap(0),
      call.kickstart(0),
    ];
    await launchctl.play(calls(3), () => agent.install());
    const first = readFileSync(plistPath, 'utf8');
    const report = await launchctl.play(calls(0), () => agent.install());
    assert.deepEqual(report, { definitionPath: plistPath, outcome: 'unchanged', changes: [], warnings: [] });
    assert.equal(readFileSync(plistPath, 'utf8'), first);
  });

  test('repairs an edited plist and a moved node, and says what was different', async (context) => {
    const set = stage(context);
    const { agent, launchctl, plistPath, call } = set;
    writePlist(set);
    const good = readFileSync(plistPath, 'utf8');
    const edited = good
      .replace('/opt/homebrew/opt/node/bin/node', '/usr/local/bin/node')
      .replace('<string>Standard</string>', '<string>Background</string>')
      .replace('<key>Label</key>', '<key>Nice</key>\n    <integer>5</integer>\n    <key>Label</key>')
      .replace('<key>Umask</key>\n    <integer>63</integer>', '');
    writeFileSync(plistPath, edited);
    const report = await launchctl.play(
      [call.bootout(0), call.print(113), call.enable(0), call.bootstrap(0), call.kickstart(0)],
      () => agent.install(),
    );
    assert.equal(report.outcome, 'repaired');
    assert.deepEqual(
      new Set(report.changes),
      new Set([
        'ProgramArguments: ["/usr/local/bin/node","/opt/daybook/client/cli/daybook.js","daemon"] -> ' +
          '["/opt/homebrew/opt/node/bin/node","/opt/daybook/client/cli/daybook.js","daemon"]',
        'ProcessType: "Background" -> "Standard"',
        'Nice: 5 -> (removed)',
        'Umask: (missing) -> 63',
      ]),
    );
    assert.equal(readFileSync(plistPath, 'utf8'), good);
  });

  for (const [what, damage] of [
    ['garbage', () => 'garbage'],
    ['an empty file', () => ''],
    ['half a file', (plist: string) => plist.slice(0, plist.length / 2)],
  ] as const) {
    test(`repairs ${what}`, async (context) => {
      const set = stage(context);
      const { agent, launchctl, plistPath, call } = set;
      writePlist(set);
      const good = readFileSync(plistPath, 'utf8');
      writeFileSync(plistPath, damage(good));
      const report = await launchctl.play(
        [call.bootout(0), call.print(113), call.enable(0), call.bootstrap(0), call.kickstart(0)],
        () => agent.install(),
      );
      assert.equal(report.outcome, 'repaired');
      assert.deepEqual(report.changes, ['the file could not be read as a service definition']);
      assert.equal(readFileSync(plistPath, 'utf8'), good);
    });
  }

  test('hands the given variables over, and warns of a private folder', async (context) => {
    const { launchctl, call, plistPath, options } = stage(context);
    const environment = { DAYBOOK_HOME: join(options.homeDirectory, 'Documents', 'daybook') };
    const agent = openService({ ...options, environment });
    const report = await launchctl.play([call.bootout(3), call.enable(0), call.bootstrap(0), call.kickstart(0)], () =>
      agent.install(),
    );
    assert.match(readFileSync(plistPath, 'utf8'), /<key>DAYBOOK_HOME<\/key>/u);
    assert.equal(report.warnings.length, 1);
    assert.match(report.warnings[0] ?? '', /~\/Documents/u);
  });

  test('touches launchd only after the plist is in its place', async (context) => {
    const { agent, launchctl, plistPath } = stage(context);
    mkdirSync(dirname(dirname(plistPath)), { recursive: true });
    writeFileSync(dirname(plistPath), 'a file where the directory should be');
    await assert.rejects(
      launchctl.play([], () => agent.install()),
      refusal('unwritable', plistPath, 'ls -ld'),
    );
  });
});
