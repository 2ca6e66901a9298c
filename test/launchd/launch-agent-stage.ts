import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { renderAgentPlist } from '../../launchd/agent-plist.ts';
import { openService, type Service, type ServiceOptions } from '../../launchd/service.ts';
import { FakeClock } from './fake-clock.ts';
import { RecordedTool, type Call } from './recorded-tool.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const domain = 'gui/501';
export const target = 'gui/501/dev.daybook.daemon';

export interface Stage {
  agent: Service;
  launchctl: RecordedTool;
  clock: FakeClock;
  options: ServiceOptions;
  plistPath: string;
  /** The calls launchctl gets, with what it answers. */
  call: Record<
    'bootout' | 'print' | 'printDisabled' | 'enable' | 'bootstrap' | 'kickstart' | 'kickstartKill',
    (exitCode: number) => Call
  >;
}

/** A LaunchAgent for an empty home directory, with a recorded launchctl and a clock of its own. */
export function stage(context: TestContext): Stage {
  const root = temporaryDirectory(context);
  const tools = join(root, 'tools');
  const homeDirectory = join(root, 'Home of Zoë & <co>');
  mkdirSync(tools);
  mkdirSync(homeDirectory);
  const launchctl = new RecordedTool(tools, 'launchctl');
  const clock = new FakeClock();
  const options: ServiceOptions = {
    platform: 'darwin',
    homeDirectory,
    uid: 501,
    nodePath: '/opt/homebrew/Cellar/node/24.21.0/bin/node',
    scriptPath: '/opt/daybook/client/cli/daybook.js',
    socketPath: join(homeDirectory, 'Library', 'Application Support', 'daybook', 'daybook.sock'),
    logDirectory: join(homeDirectory, 'Library', 'Logs', 'daybook'),
    environment: {},
    run: launchctl.run,
    clock,
  };
  const plistPath = join(homeDirectory, 'Library', 'LaunchAgents', 'dev.daybook.daemon.plist');
  const call = {
    bootout: (exitCode: number) => ({ args: ['bootout', target], exitCode }),
    print: (exitCode: number) => ({ args: ['print', target], exitCode }),
    printDisabled: (exitCode: number) => ({ args: ['print-disabled', domain], exitCode }),
    enable: (exitCode: number) => ({ args: ['enable', target], exitCode }),
    bootstrap: (exitCode: number) => ({ args: ['bootstrap', domain, plistPath], exitCode }),
    kickstart: (exitCode: number) => ({ args: ['kickstart', target], exitCode }),
    kickstartKill: (exitCode: number) => ({ args: ['kickstart', '-k', target], exitCode }),
  };
  return { agent: openService(options), launchctl, clock, options, plistPath, call };
}

/** Puts the plist that install would write into its place. */
export function writePlist({ plistPath, options }: Stage): void {
  mkdirSync(dirname(plistPath), { recursive: true });
  writeFileSync(plistPath, renderAgentPlist({ ...options, nodePath: '/opt/homebrew/opt/node/bin/node' }));
}
