import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { ServiceError } from '../../../launchd/service-error.ts';
import type { ServiceInspection } from '../../../launchd/service.ts';
import { checkSocketPath, type DaybookPaths } from '../../../shared/paths.ts';
import { thisService } from '../service.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import { messageOf } from './situation.ts';

/** Long enough for a cold disk. */
const LOADING_MS = 20_000;

export function checkNode(version: string, path: string): Finding {
  const text = `${version} at ${path}`;
  return path.includes('/_npx/')
    ? warning('node', `${text}, in a cache that may be emptied`, 'npm install --global daybook && daybook install')
    : ok('node', text);
}

/** In a process of its own: an addon for another Node can end the process that loads it. */
export async function checkAddon(): Promise<Finding> {
  const script = 'const S = require(process.argv[1]); new S(":memory:").prepare("SELECT 1").get();';
  try {
    const addon = createRequire(import.meta.url).resolve('better-sqlite3');
    await promisify(execFile)(process.execPath, ['-e', script, addon], { timeout: LOADING_MS });
    return ok('addon', 'better-sqlite3 loads');
  } catch (error) {
    const [reason = ''] = /^\w*Error: .+$/m.exec(messageOf(error)) ?? [];
    const cure = 'npm install --global daybook (in a checkout: npm ci)';
    return failed('addon', `better-sqlite3 does not load${reason === '' ? '' : `: ${reason}`}`, cure);
  }
}

export function checkSocketLength({ socket }: DaybookPaths): Finding {
  try {
    checkSocketPath(socket, process.platform);
    return ok('path lengths', `the socket path has ${Buffer.byteLength(socket)} bytes`);
  } catch (error) {
    return failed('path lengths', messageOf(error), 'export DAYBOOK_HOME=DIRECTORY with a shorter name');
  }
}

export async function checkService(): Promise<Finding> {
  let service: ServiceInspection;
  try {
    service = await thisService().inspect();
  } catch (error) {
    if (error instanceof ServiceError) {
      return warning('service', error.message.replace(`; ${error.cure}`, ''), error.cure);
    }
    return warning('service', messageOf(error), 'daybook install');
  }
  return judgeService(service);
}

function judgeService({ definitionPath, file, changes, command, state, isStale }: ServiceInspection): Finding {
  if (file === 'missing') {
    const text = isStale ? `loaded from ${definitionPath}, which is gone` : 'not installed: it does not start at login';
    return warning('service', text, 'daybook install');
  }
  const gone = command.slice(0, 2).find((path) => !existsSync(path));
  if (gone !== undefined) {
    return failed('service', `${definitionPath} runs ${gone}, which is not there`, 'daybook install');
  }
  if (state === 'failed') return failed('service', 'the last run of the daemon ended with an error', 'daybook logs');
  if (isStale) return warning('service', `the service manager goes by an older ${definitionPath}`, 'daybook install');
  if (file === 'different') {
    return warning('service', `${definitionPath} was changed (${changes.join(', ')})`, 'daybook install');
  }
  if (state === 'disabled') return warning('service', 'disabled: it does not start at login', 'daybook install');
  return state === 'running'
    ? ok('service', `running, as ${definitionPath} says`)
    : warning(
        'service',
        `${state}: ${definitionPath} is there, and the service manager does not run it`,
        'daybook start',
      );
}
