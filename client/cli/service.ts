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
  return openService({
    platform: process.platform,
    homeDirectory: homedir(),
    uid: process.getuid?.() ?? 0,
    nodePath: process.execPath,
    scriptPath: daybookEntry,
    logDirectory: daybookPaths(process.env).logDirectory,
    // The daemon then exits with 0 where a restart would not help, and is not started over and over.
    environment: { DAYBOOK_SUPERVISED: '1', ...(home !== undefined && home !== '' && { DAYBOOK_HOME: resolve(home) }) },
    xdgConfigHome: process.env['XDG_CONFIG_HOME'],
    run: runCommand,
    clock: systemClock,
  });
}
