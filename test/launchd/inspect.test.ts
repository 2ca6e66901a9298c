import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { readUnitCommand, renderSystemdUnit } from '../../launchd/systemd-unit.ts';
import { stage, writePlist } from './launch-agent-stage.ts';
import type { Call } from './recorded-tool.ts';
import { nastyNames } from './nasty-paths.ts';

test('an agent is held against its property list and against what launchd has loaded', async (context) => {
  const { agent, launchctl, call, plistPath, options } = stage(context);
  const inspect = (exitCode: number, stdout = '', ...more: Call[]) =>
    launchctl.play([{ ...call.print(exitCode), stdout }, ...more], () => agent.inspect());

  const none = await inspect(113);
  assert.deepEqual([none.file, none.state, none.isStale, none.command], ['missing', 'not-installed', false, []]);
  assert.equal((await inspect(0)).isStale, true, 'loaded from a file that is gone');

  writePlist({ plistPath, options } as ReturnType<typeof stage>);
  const node = '/opt/homebrew/opt/node/bin/node';
  const same = await inspect(0, `\tprogram = ${node}\n`);
  assert.deepEqual([same.file, same.state, same.isStale], ['same', 'running', false]);
  assert.deepEqual(same.command, [node, options.scriptPath, 'daemon']);
  assert.equal((await inspect(0, 'nothing we know\n')).isStale, false);
  assert.equal((await inspect(0, '\tprogram = /usr/local/bin/node\n')).isStale, true);
  assert.equal((await inspect(113, '', call.printDisabled(0))).state, 'stopped');

  writeFileSync(plistPath, readFileSync(plistPath, 'utf8').replace(node, '/moved/node'));
  const edited = await inspect(0);
  assert.equal(edited.file, 'different');
  assert.match(edited.changes.join(), /^ProgramArguments: .*\/moved\/node/);
  writeFileSync(plistPath, 'half a fi');
  assert.deepEqual((await inspect(0)).command, []);
});

test('the command of a unit comes back as it was given', () => {
  for (const name of nastyNames) {
    const scriptPath = `/opt/${name}`;
    const unit = renderSystemdUnit({
      nodePath: '/usr/bin/no de%',
      scriptPath,
      socketPath: '/s',
      logDirectory: '/l',
      environment: {},
    });
    assert.deepEqual(readUnitCommand(unit), ['/usr/bin/no de%', scriptPath, 'daemon']);
  }
});
