import { Command } from 'commander';
import { readConfigFile } from '../../../shared/config-file.ts';
import { DaybookError } from '../../../shared/errors.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import {
  isSettingKey,
  parseSetting,
  type SettingKey,
  settingKeys,
  settings,
  variableOf,
} from '../../../shared/settings.ts';
import { setInFile, unsetInFile } from '../config/edit-file.ts';
import { type EffectiveSetting, effectiveSettings } from '../config/effective.ts';
import { UsageError } from '../exit.ts';
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
      await print(`${plain(String(setting?.value))}\n`);
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
  return new Command('config')
    .description('What the daemon is set to, and where each value comes from')
    .option('--json', 'one JSON map for each key')
    .addHelpText('after', () => `\n${keysText()}`)
    .action(show)
    .addCommand(get.exitOverride())
    .addCommand(set.exitOverride())
    .addCommand(unset.exitOverride());
}

function keysText(): string {
  const keys = settingKeys.map((key) => {
    const { summary, values, default: byDefault } = settings[key];
    const usual = byDefault === null ? 'events.db beside the socket' : String(byDefault);
    return `  ${key}\n      ${summary}\n      ${values}; ${usual} unless set\n`;
  });
  return `Keys of ${daybookPaths(process.env).config}; a dot stands for a map in a map:\n${keys.join('')}
An environment variable goes before the file: ${variableOf('persistence.batch_size')}, and so on. A service has
only the variables in its definition. The daemon reads all of them when it starts.
`;
}

async function show(options: { json?: true }): Promise<void> {
  const status = await askStatus();
  const found = effectiveSettings(process.env, daybookPaths(process.env), status);
  if (options.json) {
    for (const setting of found) await printJson(setting);
    return;
  }
  const rows = found.map(({ key, value, origin }) => [key, plain(String(value)), originText(key, origin)]);
  await print(columns(['key', 'value', 'origin'], rows, ''));
  for (const { key, running } of found) {
    if (running === undefined) continue;
    process.stderr.write(`daybook: the daemon runs with ${key} ${plain(String(running))}; run: daybook restart\n`);
  }
}

function originText(key: SettingKey, origin: EffectiveSetting['origin']): string {
  return origin === 'environment' ? `environment (${variableOf(key)})` : origin;
}

async function setKey(key: string, text: string): Promise<void> {
  const known = knownKey(key);
  const parsed = parseSetting(known, text);
  if ('problem' in parsed) throw new UsageError(`${known} ${parsed.problem}, not ${JSON.stringify(text)}`);
  setInFile(daybookPaths(process.env).config, known, parsed.value);
  await print(`${known} is ${plain(String(parsed.value))}\n`);
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

/** When what was just written comes into force. */
async function sayWhen(key: SettingKey): Promise<void> {
  if (process.env[variableOf(key)]) {
    process.stderr.write(`daybook: the environment variable ${variableOf(key)} goes before it here\n`);
  }
  const status = await askStatus();
  // Says what else is wrong with the file, where something is.
  readConfigFile(daybookPaths(process.env).config);
  if (status === undefined) {
    await print('in force when the daemon starts\n');
    return;
  }
  const setting = effectiveSettings(process.env, daybookPaths(process.env), status).find((each) => each.key === key);
  const isSaid = key === 'enable_persistence' || key.replace('persistence.', '') in status.settings;
  const isInForce = isSaid && setting?.running === undefined;
  await print(isInForce ? 'in force already\n' : 'the daemon must be restarted for it: daybook restart\n');
}

/** Undefined when nobody answers. */
async function askStatus(): Promise<StatusReply | undefined> {
  try {
    return await withClient((client) => client.status());
  } catch (error) {
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
