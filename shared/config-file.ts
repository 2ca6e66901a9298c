import { readFileSync, statSync } from 'node:fs';
import { DaybookError } from './errors.ts';
import { limits } from './limits.ts';
import {
  isSettingKey,
  parseSetting,
  settingKeys,
  type Setting,
  settings,
  type SettingValues,
  variableOf,
} from './settings.ts';

/**
 * What config.json sets; nothing when there is none.
 * @throws DaybookError invalid_config with the line and the key
 */
export function readConfigFile(path: string): SettingValues {
  const text = readConfigText(path);
  return text === undefined ? {} : parseConfig(text, path);
}

/** The text of config.json, undefined when there is none. @throws DaybookError invalid_config */
export function readConfigText(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isFile() || stat.size > limits.configFileBytes) {
    throw new DaybookError('invalid_config', `${path} must be a file of at most ${limits.configFileBytes} bytes`);
  }
  if ((stat.mode & 0o022) !== 0) {
    throw new DaybookError('invalid_config', `${path} can be changed by other users; run: chmod 600 '${path}'`);
  }
  return readFileSync(path, 'utf8');
}

/** What environment variables set. @throws DaybookError invalid_config with the variable */
export function readSettingVariables(environment: { readonly [name: string]: string | undefined }): SettingValues {
  const values: { [key: string]: unknown } = {};
  for (const key of settingKeys) {
    const text = environment[variableOf(key)];
    if (text === undefined || text === '') continue;
    const parsed = parseSetting(key, text);
    if ('problem' in parsed) {
      throw new DaybookError('invalid_config', `the environment variable ${variableOf(key)} ${parsed.problem}`);
    }
    values[key] = parsed.value;
  }
  return values;
}

/**
 * What flags set, each `KEY=VALUE`. A key that comes twice has its last value.
 * @throws DaybookError invalid_config with the flag
 */
export function readSettingFlags(assignments: readonly string[]): SettingValues {
  const values: { [key: string]: unknown } = {};
  for (const assignment of assignments) {
    const [, key = '', text] = /^([^=]*)=(.*)$/su.exec(assignment) ?? [];
    if (text === undefined || !isSettingKey(key)) {
      const reason = `--set ${assignment}: it must be KEY=VALUE with a key of daybook; 'daybook config --help' has all of them`;
      throw new DaybookError('invalid_config', reason);
    }
    const parsed = parseSetting(key, text);
    if ('problem' in parsed) throw new DaybookError('invalid_config', `--set ${assignment}: ${key} ${parsed.problem}`);
    values[key] = parsed.value;
  }
  return values;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DaybookError('invalid_config', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What a text of config.json sets. @throws DaybookError invalid_config with the line and the key */
export function parseConfig(text: string, path: string): SettingValues {
  const refuse = (key: string, what: string): never => {
    const place = `${path}${lineOf(text, key.split('.').at(-1))}`;
    throw new DaybookError('invalid_config', `${place}: ${key === '' ? 'the file' : key}: ${what}`);
  };
  const values: { [key: string]: unknown } = {};
  const take = (map: unknown, prefix: string): void => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      refuse(prefix.slice(0, -1), 'must be a map');
      return;
    }
    for (const [name, value] of Object.entries(map)) {
      const key = prefix + name;
      if (isSettingKey(key)) {
        const setting: Setting = settings[key];
        const problem = setting.problem(value);
        if (problem !== undefined) refuse(key, problem);
        values[key] = value;
      } else if (prefix === '' && settingKeys.some((known) => known.startsWith(`${name}.`))) {
        take(value, `${name}.`);
      } else {
        refuse(key, 'is not a key that daybook knows');
      }
    }
  };
  take(parseJson(text, path), '');
  return values;
}

/** ":LINE" of a key in the file, as far as its text shows it. */
function lineOf(text: string, key: string | undefined): string {
  if (key === undefined || key === '') return '';
  const at = text.indexOf(JSON.stringify(key));
  return at < 0 ? '' : `:${text.slice(0, at).split('\n').length}`;
}
