import { readConfigFile, readSettingVariables } from '../../../shared/config-file.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import { settingDefaults, type SettingKey, settingKeys, type SettingValue } from '../../../shared/settings.ts';

export type Origin = 'default' | 'file' | 'environment';

export interface EffectiveSetting {
  key: SettingKey;
  value: SettingValue;
  /** Where it comes from: the environment goes before the file, and the file before the default. */
  origin: Origin;
  /** What the daemon runs with, where it is something else. */
  running?: SettingValue;
}

/** Every key with what a daemon would run with that starts now. @throws DaybookError invalid_config */
export function effectiveSettings(
  environment: NodeJS.ProcessEnv,
  paths: DaybookPaths,
  status: StatusReply | undefined,
): EffectiveSetting[] {
  const file = readConfigFile(paths.config);
  const variables = readSettingVariables(environment);
  return settingKeys.map((key) => {
    const value = variables[key] ?? file[key] ?? settingDefaults[key] ?? paths.database;
    const inFile: Origin = file[key] === undefined ? 'default' : 'file';
    const origin = variables[key] === undefined ? inFile : 'environment';
    const running = status && runningValue(status, key);
    return { key, value, origin, ...(running !== undefined && running !== value && { running }) };
  });
}

/** Undefined for a key of which the daemon says nothing. */
function runningValue(status: StatusReply, key: SettingKey): SettingValue | undefined {
  if (key === 'enable_persistence') return status.persistence;
  const [map, name = ''] = key.split('.');
  const values: { readonly [name: string]: SettingValue | undefined } = { ...status.settings };
  return map === 'persistence' ? values[name] : undefined;
}
