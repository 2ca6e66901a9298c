import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openService } from '../../launchd/service.ts';
import { stage, target, writePlist } from './launch-agent-stage.ts';
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

describe('state', () => {
  test('not installed, stopped, running', async (context) => {
    const set = stage(context);
    const { agent, launchctl, call } = set;
    const state = (print: number) => launchctl.play([call.print(print)], () => agent.state());
    assert.equal(await state(113), 'not-installed');
    writePlist(set);
    assert.equal(await state(113), 'stopped');
    assert.equal(await state(125), 'stopped');
    assert.equal(await state(0), 'running');
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
