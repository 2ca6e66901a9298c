/** What the daemon runs with: its flags over the environment over config.json over the defaults. */
import { readConfigFile, readSettingFlags, readSettingVariables } from '../shared/config-file.ts';
import { type EffectiveSettings, effectiveSettings } from '../shared/effective-settings.ts';
import type { DaemonSettings } from '../shared/messages/status.ts';
import { checkSocketPath, type DaybookPaths, daybookPaths } from '../shared/paths.ts';
import type { RetentionRule } from '../shared/retention-rule.ts';
import { isSameSetting, type SettingKey, settingKeys, settings } from '../shared/settings.ts';
import { parseArgs } from 'node:util';

export interface Config {
  paths: DaybookPaths;
  persist: boolean;
  batchSize: number;
  batchTimeoutMs: number;
  retentionDays: number;
  /** Bytes that database and search index may have after a cleanup; 0 for no bound. */
  retentionSizeBytes: number;
  retentionRules: readonly RetentionRule[];
  cleanupIntervalMs: number;
  /** 0 for none. */
  backupIntervalMs: number;
  /** Backups that are left after a scheduled one. */
  backupsKept: number;
  /** Between two looks through all events; 0 for none. */
  verifyIntervalMs: number;
  /** Keep a full-text index. Without one a search reads the events. */
  search: boolean;
  /** Take the database as it is, or begin a new one, whatever was there before. */
  init: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** All of the above that are settings, by their keys, and where they come from. */
  effective: EffectiveSettings;
}

/** What became of reading the settings again. */
export interface Reloaded {
  /** With the new values of the keys that a running daemon takes over, and the old ones of the others. */
  config: Config;
  changed: SettingKey[];
  /** Keys whose new value waits for the next start. */
  waiting: SettingKey[];
}

const MS_PER_HOUR = 3_600_000;
const BYTES_PER_MIB = 1024 * 1024;

/**
 * The configuration of this process.
 * @param flags `--init`, and `--set KEY=VALUE` any number of times
 * @throws DaybookError invalid_config with the key, path_too_long
 */
export async function loadConfig(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Promise<Config> {
  const paths = daybookPaths(environment);
  checkSocketPath(paths.socket, process.platform);
  return configOf(paths, readSettings(paths, environment, flags), readFlags(flags).init);
}

/**
 * Reads the settings again, from where they came.
 * @throws DaybookError invalid_config; then everything stays as it is
 */
export function reloadConfig(running: Config, environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Reloaded {
  const paths = daybookPaths(environment);
  const wanted = readSettings(paths, environment, flags);
  const { values, origins } = running.effective;
  const differing = settingKeys.filter((key) => !isSameSetting(wanted.values[key], values[key]));
  const changed = differing.filter((key) => settings[key].applies === 'reload');
  const waiting = differing.filter((key) => settings[key].applies === 'restart');
  const kept = (old: { readonly [Key in SettingKey]: unknown }) =>
    Object.fromEntries(waiting.map((key) => [key, old[key]]));
  const effective = {
    values: { ...wanted.values, ...kept(values) },
    origins: { ...wanted.origins, ...kept(origins) },
  };
  return { config: configOf(paths, effective, running.init), changed, waiting };
}

/** The settings in force as `status` says them: those of the map `persistence` without its name. */
export function settingsInForce({ effective, paths }: Config): DaemonSettings {
  const named = settingKeys.map((key) => [key.replace('persistence.', ''), effective.values[key]]);
  return {
    ...Object.fromEntries(named),
    database_path: paths.database,
    backup_directory: paths.backups,
  } as DaemonSettings;
}

function readSettings(paths: DaybookPaths, environment: NodeJS.ProcessEnv, flags: readonly string[]) {
  return effectiveSettings({
    flag: readSettingFlags(readFlags(flags).set),
    environment: readSettingVariables(environment),
    file: readConfigFile(paths.config),
  });
}

function readFlags(flags: readonly string[]): { init: boolean; set: string[] } {
  const options = { init: { type: 'boolean' }, set: { type: 'string', multiple: true } } as const;
  const { init, set = [] } = parseArgs({ args: [...flags], options, strict: false }).values;
  return { init: init === true, set: set.map(String) };
}

function configOf(paths: DaybookPaths, effective: EffectiveSettings, init: boolean): Config {
  const { values } = effective;
  return {
    paths: {
      ...paths,
      database: values['persistence.database_path'] ?? paths.database,
      backups: values['persistence.backup_directory'] ?? paths.backups,
    },
    persist: values.enable_persistence,
    batchSize: values['persistence.batch_size'],
    batchTimeoutMs: values['persistence.batch_timeout'] * 1000,
    retentionDays: values['persistence.retention_days'],
    retentionSizeBytes: values['persistence.retention_size_mb'] * BYTES_PER_MIB,
    retentionRules: values['persistence.retention_rules'],
    cleanupIntervalMs: values['persistence.cleanup_interval_hours'] * MS_PER_HOUR,
    backupIntervalMs: values['persistence.backup_interval_hours'] * MS_PER_HOUR,
    backupsKept: values['persistence.backups_kept'],
    verifyIntervalMs: values['persistence.verify_interval_days'] * 24 * MS_PER_HOUR,
    search: values['persistence.search'],
    init,
    logLevel: values.log_level,
    effective,
  };
}
