import { readFileSync } from 'node:fs';
import { DaybookError } from '../../../shared/errors.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { variableOf } from '../../../shared/settings.ts';

/** Where the daemon keeps its database, by its configuration. @throws DaybookError invalid_config */
export function databasePath(environment: NodeJS.ProcessEnv): string {
  const paths = daybookPaths(environment);
  const inEnvironment = environment[variableOf('persistence.database_path')];
  if (inEnvironment !== undefined && inEnvironment !== '') return inEnvironment;
  let text: string;
  try {
    text = readFileSync(paths.config, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return paths.database;
    throw error;
  }
  try {
    // Everything else in it is the daemon's to judge.
    const config = JSON.parse(text) as { persistence?: { database_path?: unknown } } | null;
    const named = config?.persistence?.database_path;
    return typeof named === 'string' ? named : paths.database;
  } catch (cause) {
    throw new DaybookError('invalid_config', `${paths.config} is not JSON: ${(cause as Error).message}`, { cause });
  }
}
