import { Command } from 'commander';
import { readConfigFile } from '../../../shared/config-file.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { usualPlace } from '../../../shared/effective-settings.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import {
  isSameSetting,
  isSettingKey,
  parseSetting,
  settingDefaults,
  type SettingKey,
  settingKeys,
  type SettingOrigin,
  settings,
  settingText,
  variableOf,
} from '../../../shared/settings.ts';
import { setInFile, unsetInFile } from '../config/edit-file.ts';
import { type EffectiveSetting, effectiveSettings, runningValue } from '../config/effective.ts';
import { haveSettingsRead } from '../config/have-settings-read.ts';
import { UsageError } from '../exit.ts';
import { DaemonSilent } from '../daemon-silent.ts';
import { withClient } from '../open-client.ts';
import { columns, plain, print, printJson } from '../output.ts';

export function command(): Command {
  const get = new Command('get')
    .description('Print the value of a key, alone on a line')
    .argument('<key>')
    .action(async (key: string) => {
      const known = knownKey(key);
      const paths = daybookPaths(process.env);
      const setting = effectiveSettings(process.env, paths, undefined).find((each) => each.key === known);
      await print(`${plain(setting === undefined ? '' : settingText(setting.value))}\n`);
    });
  const set = new Command('set')
    .description('Write a key into config.json, when the value is one that it may have')
    .argument('<key>')
    .argument('<value>')
    .action(setKey);
  const unset = new Command('unset')
    .description('Take a key out of config.json; the default is in force again')
    .argument('<key>')
    .action(unsetKey);
  const reloadCommand = new Command('reload')
    .description('Have the running daemon take over what was changed in config.json by hand')
    .action(reload);
  return new Command('config')
    .description('What the daemon is set to, and where each value comes from')
    .option('--json', 'one JSON map for each key')
    .addHelpText('after', () => `\n${keysText()}`)
    .action(show)
    .addCommand(get.exitOverride())
    .addCommand(set.exitOverride())
    .addCommand(unset.exitOverride())
    .addCommand(reloadCommand.exitOverride());
}

function keysText(): string {
  const paths = daybookPaths(process.env);
  const keys = settingKeys.map((key) => {
    const { summary, values, applies, default: byDefault } = settings[key];
    const usual = byDefault === null ? usualPlace(key, paths) : settingText(byDefault);
    const when = applies === 'restart' ? '; after a restart' : '';
    return `  ${key}\n      ${summary}\n      ${values}; ${usual} unless set${when}\n`;
  });
  return `Keys of ${paths.config}; a dot stands for a map in a map:\n${keys.join('')}
An environment variable goes before the file: ${variableOf('persistence.batch_size')}, and so on; 'daybook daemon --set
KEY=VALUE' goes before both. A service has only the variables in its definition. 'config set' has a running daemon take
over at once what it can; the keys marked 'after a restart' wait for 'daybook restart'.
`;
}

async function show(options: { json?: true }): Promise<void> {
  const status = await askStatus();
  const found = effectiveSettings(process.env, daybookPaths(process.env), status);
  if (options.json) {
    for (const setting of found) await printJson(setting);
    return;
  }
  const rows = found.map(({ key, value, origin }) => [key, plain(settingText(value)), originText(key, origin)]);
  await print(columns(['key', 'value', 'origin'], rows, ''));
  for (const setting of found) sayDifference(setting);
}

/** What the daemon runs with, where it is something else. */
function sayDifference({ key, running, running_origin: origin }: EffectiveSetting): void {
  if (running === undefined) return;
  const from = origin === undefined || origin === 'default' ? '' : ` (${originText(key, origin)})`;
  const cure = isFixed(origin)
    ? ', which goes before config.json'
    : settings[key].applies === 'reload'
      ? `; to have it read config.json: daybook config reload`
      : '; run: daybook restart';
  process.stderr.write(`daybook: the daemon runs with ${key} ${plain(settingText(running))}${from}${cure}\n`);
}

/** Whether a change of config.json cannot change it. */
function isFixed(origin: SettingOrigin | undefined): origin is 'flag' | 'environment' {
  return origin === 'flag' || origin === 'environment';
}

function originText(key: SettingKey, origin: SettingOrigin): string {
  return origin === 'environment' ? `environment (${variableOf(key)})` : origin;
}

async function setKey(key: string, text: string): Promise<void> {
  const known = knownKey(key);
  const parsed = parseSetting(known, text);
  if ('problem' in parsed) throw new UsageError(`${known} ${parsed.problem}, not ${JSON.stringify(text)}`);
  setInFile(daybookPaths(process.env).config, known, parsed.value);
  await print(`${known} is ${plain(settingText(parsed.value))}\n`);
  if (known === 'persistence.database_path') {
    process.stderr.write(
      'daybook: a database that is elsewhere stays there; stop the daemon and move it with its log\n',
    );
  }
  await sayWhen(known);
}

async function unsetKey(key: string): Promise<void> {
  const { config } = daybookPaths(process.env);
  if (!unsetInFile(config, key)) {
    if (!isSettingKey(key)) throw unknownKey(key);
    await print(`${key} is not set in ${config}\n`);
    return;
  }
  await print(`${plain(key)} is not set any more\n`);
  if (isSettingKey(key)) await sayWhen(key);
}

/** When what was just written comes into force: at once, where the daemon can take it over. */
async function sayWhen(key: SettingKey): Promise<void> {
  if (process.env[variableOf(key)]) {
    process.stderr.write(`daybook: the environment variable ${variableOf(key)} goes before it here\n`);
  }
  const before = await askStatus();
  const paths = daybookPaths(process.env);
  // Says what else is wrong with the file, where something is.
  const file = readConfigFile(paths.config);
  if (before === undefined) {
    await print('in force when the daemon starts\n');
    return;
  }
  const wanted = file[key] ?? settingDefaults[key] ?? usualPlace(key, paths);
  const origin = before.setting_origins?.[key];
  if (isFixed(origin)) {
    const running = plain(settingText(runningValue(before, key) ?? ''));
    await print(`the daemon runs with ${running} all the same: its ${origin} goes before config.json\n`);
    return;
  }
  const isTaken = (status: StatusReply) => isSameSetting(runningValue(status, key), wanted);
  const isInForce = isTaken(before);
  const after = await haveSettingsRead(before, isTaken);
  if (isInForce) await print('in force already\n');
  else if (after !== undefined && isTaken(after)) await print('in force now\n');
  else await print('the daemon must be restarted for it: daybook restart\n');
  for (const other of effectiveSettings({}, paths, after)) if (other.key !== key) sayDifference(other);
}

async function reload(): Promise<void> {
  const paths = daybookPaths(process.env);
  // A file that the daemon would refuse is refused here, with the line.
  readConfigFile(paths.config);
  const before = await withClient((client) => client.status());
  const isUpToDate = (status: StatusReply) =>
    effectiveSettings({}, paths, status).every(
      ({ key, running, running_origin: origin }) =>
        running === undefined || isFixed(origin) || settings[key].applies === 'restart',
    );
  const after = await haveSettingsRead(before, isUpToDate);
  if (after === undefined || !isUpToDate(after)) {
    throw new Error('the daemon has not taken the settings over; why is in its log: daybook logs');
  }
  await print('the daemon has read its settings\n');
  for (const setting of effectiveSettings({}, paths, after)) sayDifference(setting);
}

/** Undefined when nobody answers. */
async function askStatus(): Promise<StatusReply | undefined> {
  try {
    return await withClient((client) => client.status());
  } catch (error) {
    if (error instanceof DaemonSilent) process.stderr.write(`daybook: ${error.message}; daybook doctor\n`);
    if (error instanceof DaybookError) return undefined;
    throw error;
  }
}

/** @throws UsageError */
function knownKey(key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw unknownKey(key);
}

function unknownKey(key: string): UsageError {
  return new UsageError(`${JSON.stringify(key)} is no key; 'daybook config --help' explains all of them`);
}
