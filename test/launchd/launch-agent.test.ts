import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openService } from '../../launchd/service.ts';
import { stage, target, writePlist } from './launch-agent-stage.ts';
import type { Call } from './recorded-tool.ts';
import { refusal } from './refusal.ts';

describe('uninstall', () => {
  test('when nothing is there', async (context) => {
    const { agent, launchctl, plistPath, call } = stage(context);
    const report = await launchctl.play([call.bootout(3)], () => agent.uninstall());
    assert.deepEqual(report, { definitionPath: plistPath, removed: false });
  });

  test('of a running agent leaves data and logs alone', async (context) => {
    const set = stage(context);
    const { agent, launchctl, plistPath, options, call } = set;
    writePlist(set);
    const log = join(options.logDirectory, 'daybook.log');
    mkdirSync(options.logDirectory, { recursive: true });
    writeFileSync(log, 'kept');
    const report = await launchctl.play([call.bootout(0), call.print(113)], () => agent.uninstall());
    assert.deepEqual(report, { definitionPath: plistPath, removed: true });
    assert.ok(!existsSync(plistPath));
    assert.equal(readFileSync(log, 'utf8'), 'kept');
  });

  test('twice', async (context) => {
    const set = stage(context);
    const { agent, launchctl, call } = set;
    writePlist(set);
    assert.equal((await launchctl.play([call.bootout(0), call.print(113)], () => agent.uninstall())).removed, true);
    assert.equal((await launchctl.play([call.bootout(113)], () => agent.uninstall())).removed, false);
  });

  test('keeps the plist when the agent cannot be unloaded', async (context) => {
    const set = stage(context);
    const { agent, launchctl, plistPath, call } = set;
    writePlist(set);
    const round = [call.bootout(5), call.print(0)];
    await assert.rejects(
      launchctl.play(Array.from({ length: 20 }, () => round).flat(), () => agent.uninstall()),
      refusal('timed_out'),
    );
    assert.ok(existsSync(plistPath));
  });
});

describe('stop and start', () => {
  test('stop unloads, start loads again', async (context) => {
    const set = stage(context);
    const { agent, launchctl, call } = set;
    writePlist(set);
    await launchctl.play([call.bootout(0), call.print(113)], () => agent.stop());
    await launchctl.play([call.enable(0), call.kickstart(113), call.bootstrap(0), call.kickstart(0)], () =>
      agent.start(),
    );
  });

  test('start of a loaded agent only kicks it', async (context) => {
    const set = stage(context);
    writePlist(set);
    await set.launchctl.play([set.call.enable(0), set.call.kickstart(0)], () => set.agent.start());
  });

  test('start straight after stop waits as install does', async (context) => {
    const set = stage(context);
    const { agent, launchctl, clock, call } = set;
    writePlist(set);
    await launchctl.play(
      [
        call.enable(0),
        call.kickstart(113),
        call.bootstrap(5),
        call.bootstrap(36),
        call.bootstrap(0),
        call.kickstart(0),
      ],
      () => agent.start(),
    );
    assert.deepEqual(clock.waitsMs, [250, 500]);
  });

  test('stop when it does not run', async (context) => {
    const { agent, launchctl, call } = stage(context);
    await launchctl.play([call.bootout(3)], () => agent.stop());
    await launchctl.play([call.bootout(113)], () => agent.stop());
  });

  test('start and restart before install', async (context) => {
    const { agent, launchctl } = stage(context);
    await assert.rejects(
      launchctl.play([], () => agent.start()),
      refusal('not_installed', 'daybook install'),
    );
    await assert.rejects(
      launchctl.play([], () => agent.restart()),
      refusal('not_installed', 'daybook install'),
    );
  });

  test('a kickstart that fails for another reason is reported', async (context) => {
    const set = stage(context);
    writePlist(set);
    await assert.rejects(
      set.launchctl.play([set.call.enable(0), set.call.kickstart(1)], () => set.agent.start()),
      refusal('command_failed', `launchctl kickstart ${target}`),
    );
  });
});

describe('restart', () => {
  test('of a loaded agent kills and starts in one step', async (context) => {
    const set = stage(context);
    writePlist(set);
    await set.launchctl.play([set.call.enable(0), set.call.kickstartKill(0)], () => set.agent.restart());
  });

  test('of a stopped agent loads it', async (context) => {
    const set = stage(context);
    const { agent, launchctl, call } = set;
    writePlist(set);
    await launchctl.play([call.enable(0), call.kickstartKill(113), call.bootstrap(0), call.kickstart(0)], () =>
      agent.restart(),
    );
  });
});

describe('report', () => {
  test('not installed, stopped, disabled; a loaded agent of which nothing else is known runs', async (context) => {
    const set = stage(context);
    const { agent, launchctl, call } = set;
    const state = async (...calls: Call[]) => (await launchctl.play(calls, () => agent.report())).state;
    assert.equal(await state(call.print(113)), 'not-installed');
    assert.equal(await state(call.print(0)), 'running');
    writePlist(set);
    const disabled = (stdout: string) => state(call.print(113), { ...call.printDisabled(0), stdout });
    const others = 'disabled services = {\n\t\t"com.example.other" => disabled\n';
    assert.equal(await disabled(`${others}\t\t"dev.daybook.daemon" => disabled\n\t}\n`), 'disabled');
    assert.equal(await disabled('\t"dev.daybook.daemon" => true\n'), 'disabled', 'macOS before 13');
    for (const line of ['=> enabled', '=> false', '', '=> something new']) {
      assert.equal(await disabled(`${others}\t\t"dev.daybook.daemon" ${line}\n\t}\n`), 'stopped', line);
    }
    assert.equal(await disabled(others), 'stopped');
    assert.equal(await state(call.print(125), call.printDisabled(125)), 'stopped');
  });

  const loaded = (...lines: string[]) => `${target} = {\n\tactive count = 1\n${lines.join('\n')}\n}\n`;
  const table: [what: string, printed: string, report: object][] = [
    ['a process', loaded('\tstate = running', '\tpid = 4711'), { state: 'running', pid: 4711 }],
    [
      'the state of something inside it is not its own',
      loaded('\tpid = 4711', '\tendpoints = {', '\t\tstate = not running', '\t}'),
      { state: 'running', pid: 4711 },
    ],
    ['being started', loaded('\tstate = spawn scheduled', '\tlast exit code = (never exited)'), { state: 'starting' }],
    [
      'held back after a crash',
      loaded('\tstate = spawn scheduled', '\tlast exit code = 1'),
      { state: 'failed', lastExit: 'exit code 1' },
    ],
    [
      'killed',
      loaded('\tstate = not running', '\tlast terminating signal = Killed: 9', '\tlast exit code = 0'),
      { state: 'failed', lastExit: 'signal 9' },
    ],
    [
      'refused to start, which must end with 0',
      loaded('\tstate = not running', '\tlast exit code = 0'),
      { state: 'stopped', lastExit: 'exit code 0' },
    ],
    [
      'with the name of the code',
      loaded('\tstate = not running', '\tlast exit code = 78: EX_CONFIG'),
      { state: 'failed', lastExit: 'exit code 78' },
    ],
    ['a word of another macOS', loaded('\tstate = reticulating'), { state: 'running' }],
    ['nothing we know', 'Usage: launchctl …', { state: 'running' }],
  ];
  for (const [what, stdout, report] of table) {
    test(`a loaded agent: ${what}`, async (context) => {
      const set = stage(context);
      writePlist(set);
      const found = await set.launchctl.play([{ ...set.call.print(0), stdout }], () => set.agent.report());
      assert.deepEqual(found, { ...report, isListening: false });
    });
  }
});

describe('the last error', () => {
  test('is in the file for errors, unless the daemon was ready since', async (context) => {
    const { agent, options } = stage(context);
    assert.equal(await agent.lastError(), undefined);
    mkdirSync(options.logDirectory, { recursive: true });
    const [error, output] = ['daemon.err.log', 'daemon.out.log'].map((name) => join(options.logDirectory, name));
    writeFileSync(error ?? '', `${'x'.repeat(200_000)}\ndaybook: first\ndaybook: the last\n    at somewhere\n`);
    utimesSync(error ?? '', 1_000, 1_000);
    assert.deepEqual(await agent.lastError(), { text: 'the last', timeMs: 1_000_000 });
    writeFileSync(output ?? '', 'daybook 0.1.0 is ready');
    assert.equal(await agent.lastError(), undefined);
    writeFileSync(error ?? '', '/x.js:1\nTypeError: no such thing\n    at f (/x.js:1)\n\nNode.js v24.1.0\n');
    utimesSync(output ?? '', 1_000, 1_000);
    assert.equal((await agent.lastError())?.text, 'TypeError: no such thing');
  });
});

describe('openService', () => {
  test('root has no LaunchAgent', (context) => {
    const { options } = stage(context);
    assert.throws(() => openService({ ...options, uid: 0 }), refusal('wrong_user', 'without sudo'));
  });

  test('other platforms have no service', (context) => {
    const { options } = stage(context);
    assert.throws(
      () => openService({ ...options, platform: 'win32' }),
      refusal('unsupported_platform', 'win32', 'daybook daemon'),
    );
  });

  test('a relative node path', (context) => {
    const { options } = stage(context);
    assert.throws(() => openService({ ...options, nodePath: 'node' }), refusal('invalid_definition', 'absolute'));
  });
});
