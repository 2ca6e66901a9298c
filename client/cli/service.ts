import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../launchd/clock.ts';
import { runCommand } from '../../launchd/run-command.ts';
import { openService, type Service } from '../../launchd/service.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { daybookEntry } from './entries.ts';

/** The service of this user, as this installation of Daybook would define it. @throws ServiceError */
export function thisService(): Service {
  if (daybookEntry === undefined) throw new Error('the daybook executable is missing from this installation');
  const home = process.env['DAYBOOK_HOME'];
  const paths = daybookPaths(process.env);
  return openService({
    platform: process.platform,
    homeDirectory: homedir(),
    uid: process.getuid?.() ?? 0,
    nodePath: process.execPath,
    scriptPath: daybookEntry,
    socketPath: paths.socket,
    logDirectory: paths.logDirectory,
    // The daemon then exits so that it is not started over and over where a restart would not help.
    environment: {
      DAYBOOK_SUPERVISED: process.platform === 'linux' ? 'systemd' : '1',
      ...(home !== undefined && home !== '' && { DAYBOOK_HOME: resolve(home) }),
    },
    xdgConfigHome: process.env['XDG_CONFIG_HOME'],
    run: runCommand,
    clock: systemClock,
  });
}
