/** The keys of config.json: what each means, may be and is by default. Nothing else knows them. */
import { isAbsolute } from 'node:path';
import { limits } from './limits.ts';
import { retentionDaysRange, type RetentionRule, retentionRulesProblem } from './retention-rule.ts';

/** A list stands in config.json as it is, and is JSON text everywhere else. */
export type SettingValue = boolean | number | string | readonly RetentionRule[];

/** Where a value comes from. */
export type SettingOrigin = 'default' | 'file' | 'environment' | 'flag';

export interface Setting<Default extends SettingValue | null = SettingValue | null> {
  readonly summary: string;
  /** What it may be, in words. */
  readonly values: string;
  /** Null when it depends on where this instance keeps its things. */
  readonly default: Default;
  /** When a new value is in force: as soon as the daemon is told to read its settings again, or when it next starts. */
  readonly applies: 'reload' | 'restart';
  /** What is wrong with a value; undefined when nothing is. */
  readonly problem: (value: unknown) => string | undefined;
}

function flag(byDefault: boolean, summary: string): Setting<boolean> {
  return {
    summary,
    values: 'true or false',
    default: byDefault,
    applies: 'restart',
    problem: (value) => (typeof value === 'boolean' ? undefined : 'must be a boolean: true or false'),
  };
}

function number(byDefault: number, least: number, most: number, summary: string): Setting<number> {
  const values = `a number from ${least} to ${most}`;
  return {
    summary,
    values,
    default: byDefault,
    applies: 'restart',
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
    applies: 'restart',
    problem: (value) =>
      Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most ? undefined : `must be ${values}`,
  };
}

function absolutePath(summary: string): Setting<null> {
  return {
    summary,
    values: 'an absolute path',
    default: null,
    applies: 'restart',
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
    applies: 'restart',
    problem: (value) => (choices.some((choice) => choice === value) ? undefined : `must be ${values}`),
  };
}

/** Whole MiB, or 0. A bound so low that what is no event does not fit would leave no event. */
function sizeBoundMb(least: number, summary: string): Setting<number> {
  const most = 2 ** 30;
  const { problem } = wholeNumber(0, least, most, summary);
  return {
    summary,
    values: `0, or a whole number from ${least} to ${most}`,
    default: 0,
    applies: 'restart',
    problem: (value) =>
      value === 0 || problem(value) === undefined ? undefined : `must be 0, or ${least} to ${most}, whole`,
  };
}

function retentionRules(summary: string): Setting<readonly RetentionRule[]> {
  return {
    summary,
    values: 'a list of maps with days and a type, a source or both, as JSON',
    default: [],
    applies: 'restart',
    problem: retentionRulesProblem,
  };
}

/** A setting that a running daemon can take over. */
function live<Of extends Setting>(setting: Of): Of {
  return { ...setting, applies: 'reload' };
}

/** A dot in a key stands for a map inside a map of config.json. */
export const settings = {
  enable_persistence: flag(true, 'Store events. False: they are only handed to those who follow.'),
  'persistence.database_path': absolutePath('Where the database is, with its log and marker beside it.'),
  'persistence.batch_size': live(
    wholeNumber(100, 1, limits.eventsPerFrame, 'Events after which a commit starts though no sender waits.'),
  ),
  'persistence.batch_timeout': live(number(5, 0.001, 3_600, 'Seconds after which it starts in any case.')),
  'persistence.retention_days': live(
    number(30, retentionDaysRange.least, retentionDaysRange.most, 'Days after which an event is deleted.'),
  ),
  'persistence.retention_rules': live(
    retentionRules(
      'Other days for events of a type or source; what names both goes before a type, a type before a source.',
    ),
  ),
  'persistence.retention_size_mb': live(
    sizeBoundMb(16, 'MiB that database and search index may have after a cleanup; 0 for no bound.'),
  ),
  'persistence.cleanup_interval_hours': live(
    number(24, 0.01, 596, 'Hours between two looks for what is to be deleted.'),
  ),
  'persistence.search': flag(true, 'Keep a full-text index. Without one a search reads the events.'),
  'persistence.backup_interval_hours': live(
    number(0, 0, 8_784, 'Hours between two backups that the daemon makes by itself; 0 for none.'),
  ),
  'persistence.backup_directory': live(absolutePath('Where backups go to which nobody gives another place.')),
  'persistence.backups_kept': live(
    wholeNumber(3, 1, 10_000, 'Backups that are left in that directory after a scheduled one, the newest.'),
  ),
  'persistence.verify_interval_days': live(
    number(7, 0, 366, 'Days between two looks through all events, at one per cent of a core; 0 for none.'),
  ),
  log_level: live(oneOf('info', ['debug', 'info', 'warn', 'error'], 'The least of what the daemon writes to its log.')),
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
  if (Array.isArray(setting.default)) {
    try {
      value = JSON.parse(text) as SettingValue;
    } catch (error) {
      return { problem: `must be JSON (${(error as Error).message}), and is ${setting.values}` };
    }
  }
  const problem = setting.problem(value);
  return problem === undefined ? { value } : { problem };
}

/** A value as `parseSetting` takes it. */
export function settingText(value: SettingValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function isSameSetting(a: SettingValue | undefined, b: SettingValue | undefined): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}
