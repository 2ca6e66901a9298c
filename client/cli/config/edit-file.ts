import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { parseConfig, readConfigText } from '../../../shared/config-file.ts';
import { DaybookError } from '../../../shared/errors.ts';
import type { SettingKey, SettingValue } from '../../../shared/settings.ts';

type JsonMap = { [name: string]: unknown };

/** Writes a key, in one step and readable by its owner only. @throws DaybookError invalid_config; the system's error */
export function setInFile(path: string, key: SettingKey, value: SettingValue): void {
  const config = readMap(path);
  const [first = '', second] = key.split('.');
  if (second === undefined) config[first] = value;
  else config[first] = { ...asMap(config[first], `${path}: ${first}`), [second]: value };
  const text = textOf(config);
  parseConfig(text, path);
  replaceFile(path, text);
}

/**
 * Removes a key, known or not: so a file that is refused can be mended.
 * @returns false when it was not there
 * @throws DaybookError invalid_config; the system's error
 */
export function unsetInFile(path: string, key: string): boolean {
  const config = readMap(path);
  const [first = '', second] = key.split('.');
  if (!Object.hasOwn(config, first)) return false;
  if (second === undefined) {
    delete config[first];
  } else {
    const map = asMap(config[first], `${path}: ${first}`);
    if (!Object.hasOwn(map, second)) return false;
    delete map[second];
    if (Object.keys(map).length === 0) delete config[first];
  }
  replaceFile(path, textOf(config));
  return true;
}

function readMap(path: string): JsonMap {
  const text = readConfigText(path) ?? '{}';
  try {
    return asMap(JSON.parse(text), path);
  } catch (cause) {
    if (cause instanceof DaybookError) throw cause;
    const reason = `${path} is not JSON: ${(cause as Error).message}; mend it by hand, or delete it`;
    throw new DaybookError('invalid_config', reason, { cause });
  }
}

function asMap(value: unknown, what: string): JsonMap {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonMap;
  throw new DaybookError('invalid_config', `${what} must be a map`);
}

function textOf(config: JsonMap): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Behind a link, the file that it leads to. */
function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const real = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${real}.${process.pid}.new`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, real);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
