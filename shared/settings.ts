/** The keys of config.json: what each means, may be and is by default. Nothing else knows them. */
import { isAbsolute } from 'node:path';
import { limits } from './limits.ts';

export type SettingValue = boolean | number | string;

export interface Setting<Default extends SettingValue | null = SettingValue | null> {
  readonly summary: string;
  /** What it may be, in words. */
  readonly values: string;
  /** Null when it depends on where this instance keeps its things. */
  readonly default: Default;
  /** What is wrong with a value; undefined when nothing is. */
  readonly problem: (value: unknown) => string | undefined;
}

function flag(byDefault: boolean, summary: string): Setting<boolean> {
  return {
    summary,
    values: 'true or false',
    default: byDefault,
    problem: (value) => (typeof value === 'boolean' ? undefined : 'must be a boolean: true or false'),
  };
}

function number(byDefault: number, least: number, most: number, summary: string): Setting<number> {
  const values = `a number from ${least} to ${most}`;
  return {
    summary,
    values,
    default: byDefault,
    problem: (value) =>
      typeof value === 'number' && value >= least && value <= most ? undefined : `must be ${values}`,
  };
}

function wholeNumber(byDefault: number, least: number, most: number, summary: string): Setting<number> {
  const values = `a whole number from ${least} to ${most}`;
  return {
    summary,
    values,
    default: byDefault,
    problem: (value) =>
      Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most ? undefined : `must be ${values}`,
  };
}

function absolutePath(summary: string): Setting<null> {
  return {
    summary,
    values: 'an absolute path',
    default: null,
    problem: (value) => (typeof value === 'string' && isAbsolute(value) ? undefined : 'must be an absolute path'),
  };
}

function oneOf<const Choice extends string>(
  byDefault: NoInfer<Choice>,
  choices: readonly Choice[],
  summary: string,
): Setting<Choice> {
  const values = choices.join(', ').replace(/, (\w+)$/, ' or $1');
  return {
    summary,
    values,
    default: byDefault,
    problem: (value) => (choices.some((choice) => choice === value) ? undefined : `must be ${values}`),
  };
}

/** A dot in a key stands for a map inside a map of config.json. */
export const settings = {
  enable_persistence: flag(true, 'Store events. False: they are only handed to those who follow.'),
  'persistence.database_path': absolutePath('Where the database is, with its log and marker beside it.'),
  'persistence.batch_size': wholeNumber(
    100,
    1,
    limits.eventsPerFrame,
    'Events after which a commit starts though no sender waits.',
  ),
  'persistence.batch_timeout': number(5, 0.001, 3_600, 'Seconds after which it starts in any case.'),
  'persistence.retention_days': number(30, 0.01, 36_500, 'Days after which an event is deleted.'),
  'persistence.cleanup_interval_hours': number(24, 0.01, 596, 'Hours between two looks for what is to be deleted.'),
  'persistence.search': flag(true, 'Keep a full-text index. Without one a search reads the events.'),
  log_level: oneOf('info', ['debug', 'info', 'warn', 'error'], 'The least of what the daemon writes to its log.'),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingKey = keyof typeof settings;

type ValueOf<Of extends Setting> = Of['default'] extends null ? string : Of['default'];

/** Settings that were made somewhere: only those. */
export type SettingValues = { -readonly [Key in SettingKey]?: ValueOf<(typeof settings)[Key]> };

type Defaults = { readonly [Key in SettingKey]: (typeof settings)[Key]['default'] };

export const settingDefaults = Object.fromEntries(
  Object.entries(settings).map(([key, setting]) => [key, setting.default]),
) as Defaults;

export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

/** The environment variable of a key: `DAYBOOK_` and the key in capitals, `_` for a dot. It goes before config.json. */
export function variableOf(key: SettingKey): string {
  return `DAYBOOK_${key.toUpperCase().replaceAll('.', '_')}`;
}

/**
 * A value as it stands in an environment variable or on a command line.
 * @returns the value, or what is wrong with it
 */
export function parseSetting(key: SettingKey, text: string): { value: SettingValue } | { problem: string } {
  const setting: Setting = settings[key];
  let value: SettingValue = text;
  if (typeof setting.default === 'boolean' && (text === 'true' || text === 'false')) value = text === 'true';
  if (typeof setting.default === 'number' && text.trim() !== '') value = Number(text);
  const problem = setting.problem(value);
  return problem === undefined ? { value } : { problem };
}
