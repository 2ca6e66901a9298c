import type { DaybookPaths } from './paths.ts';
import {
  settingDefaults,
  type SettingKey,
  settingKeys,
  type SettingOrigin,
  type SettingValue,
  type SettingValues,
} from './settings.ts';

/** What was set, and where. */
export interface SettingSources {
  flag?: SettingValues;
  environment: SettingValues;
  file: SettingValues;
}

/** Settings whose default depends on where this instance keeps its things. */
type Place = 'persistence.database_path' | 'persistence.backup_directory';

/** Every key has a value but places, which have none where nobody has set one. */
export type EffectiveValues = Required<Omit<SettingValues, Place>> & { [Key in Place]: string | undefined };

export interface EffectiveSettings {
  values: EffectiveValues;
  origins: { [Key in SettingKey]: SettingOrigin };
}

const order = ['flag', 'environment', 'file'] as const;

/** The one rule: a flag goes before the environment, the environment before config.json, and that before the default. */
export function effectiveSettings(sources: SettingSources): EffectiveSettings {
  const values: { [key: string]: SettingValue | undefined } = {};
  const origins: { [key: string]: SettingOrigin } = {};
  for (const key of settingKeys) {
    const origin = order.find((each) => sources[each]?.[key] !== undefined) ?? 'default';
    values[key] = origin === 'default' ? (settingDefaults[key] ?? undefined) : sources[origin]?.[key];
    origins[key] = origin;
  }
  return { values, origins } as EffectiveSettings;
}

/** Where something is whose place nobody has set. */
export function usualPlace(key: SettingKey, { database, backups }: DaybookPaths): string {
  return key === 'persistence.backup_directory' ? backups : database;
}
