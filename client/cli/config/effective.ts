import { readConfigFile, readSettingVariables } from '../../../shared/config-file.ts';
import { effectiveSettings as effectiveOf, usualPlace } from '../../../shared/effective-settings.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import {
  isSameSetting,
  type SettingKey,
  settingKeys,
  type SettingOrigin,
  type SettingValue,
} from '../../../shared/settings.ts';

export interface EffectiveSetting {
  key: SettingKey;
  value: SettingValue;
  /** Where it comes from: the environment goes before the file, and the file before the default. */
  origin: SettingOrigin;
  /** What the daemon runs with, where it is something else. */
  running?: SettingValue;
  /** Where the daemon has that from, when it says so. */
  running_origin?: SettingOrigin;
}

/** Every key with what a daemon would run with that starts now. @throws DaybookError invalid_config */
export function effectiveSettings(
  environment: NodeJS.ProcessEnv,
  paths: DaybookPaths,
  status: StatusReply | undefined,
): EffectiveSetting[] {
  const { values, origins } = effectiveOf({
    environment: readSettingVariables(environment),
    file: readConfigFile(paths.config),
  });
  return settingKeys.map((key) => {
    const value = values[key] ?? usualPlace(key, paths);
    const running = status && runningValue(status, key);
    const setting = { key, value, origin: origins[key] };
    if (running === undefined || isSameSetting(running, value)) return setting;
    const runningOrigin = status?.setting_origins?.[key];
    return { ...setting, running, ...(runningOrigin !== undefined && { running_origin: runningOrigin }) };
  });
}

/** Undefined for a key of which the daemon says nothing. */
export function runningValue(status: StatusReply, key: SettingKey): SettingValue | undefined {
  if (key === 'enable_persistence') return status.persistence;
  const values: { readonly [name: string]: unknown } = { ...status.settings };
  return values[key.replace('persistence.', '')] as SettingValue | undefined;
}
