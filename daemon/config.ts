/** What the daemon runs with: the environment over config.json over the defaults. */
import { readConfigFile, readSettingVariables } from '../shared/config-file.ts';
import { checkSocketPath, type DaybookPaths, daybookPaths } from '../shared/paths.ts';
import { settingDefaults } from '../shared/settings.ts';

export interface Config {
  paths: DaybookPaths;
  persist: boolean;
  batchSize: number;
  batchTimeoutMs: number;
  retentionDays: number;
  cleanupIntervalMs: number;
  /** Keep a full-text index. Without one a search reads the events. */
  search: boolean;
  /** Take the database as it is, or begin a new one, whatever was there before. */
  init: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const MS_PER_HOUR = 3_600_000;

/**
 * The configuration of this process.
 * @throws DaybookError invalid_config with the key, path_too_long
 */
export async function loadConfig(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Promise<Config> {
  const paths = daybookPaths(environment);
  checkSocketPath(paths.socket, process.platform);
  const set = { ...settingDefaults, ...readConfigFile(paths.config), ...readSettingVariables(environment) };
  return {
    paths: { ...paths, database: set['persistence.database_path'] ?? paths.database },
    persist: set.enable_persistence,
    batchSize: set['persistence.batch_size'],
    batchTimeoutMs: set['persistence.batch_timeout'] * 1000,
    retentionDays: set['persistence.retention_days'],
    cleanupIntervalMs: set['persistence.cleanup_interval_hours'] * MS_PER_HOUR,
    search: set['persistence.search'],
    init: flags.includes('--init'),
    logLevel: set.log_level,
  };
}
