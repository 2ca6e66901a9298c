import { readConfigFile, readSettingVariables } from '../../../shared/config-file.ts';
import { type DaybookPaths, daybookPaths } from '../../../shared/paths.ts';
import { settingDefaults, type SettingValues } from '../../../shared/settings.ts';
import { askDaemon, type DaemonAnswer } from './ask-daemon.ts';
import { readHistory, type History } from './history.ts';

/** What the checks look at, gathered once. */
export interface Situation {
  readonly paths: DaybookPaths;
  readonly set: SettingValues;
  /** Why the configuration is refused. */
  readonly configProblem: string | undefined;
  readonly daemon: DaemonAnswer;
  readonly history: History;
}

export async function lookAround(environment: NodeJS.ProcessEnv): Promise<Situation> {
  const paths = daybookPaths(environment);
  let set: SettingValues = {};
  let configProblem: string | undefined;
  try {
    set = { ...readConfigFile(paths.config), ...readSettingVariables(environment) };
  } catch (error) {
    configProblem = messageOf(error);
  }
  const daemon = await askDaemon();
  const database = daemon.status?.database ?? set['persistence.database_path'] ?? paths.database;
  const persists = daemon.status?.persistence ?? set.enable_persistence ?? settingDefaults.enable_persistence;
  const history = persists ? readHistory(database) : {};
  return { paths: { ...paths, database }, set, configProblem, daemon, history };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
