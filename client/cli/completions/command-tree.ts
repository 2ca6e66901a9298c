import type { Command } from 'commander';
import { settingKeys } from '../../../shared/settings.ts';

/** What may stand in a place: fixed words, names that the daemon knows, or anything. */
export type Values = readonly string[] | 'types' | 'sources' | 'anything';

export interface CompletedOption {
  /** `--type`, `-n`. */
  flags: string[];
  description: string;
  /** Undefined for an option without a value. */
  values: Values | undefined;
}

export interface CompletedCommand {
  /** `/capture/files`; empty for `daybook` itself. */
  place: string;
  name: string;
  description: string;
  options: CompletedOption[];
  /** Of its first argument. */
  argument: Values;
  subcommands: CompletedCommand[];
}

/** All there is to complete, from the commands as they are declared. */
export function commandTree(command: Command, place = ''): CompletedCommand {
  const options = command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
      description: firstSentence(option.description),
      values:
        option.required || option.optional ? (option.argChoices ?? valuesOf(option.long ?? '', place)) : undefined,
    }));
  const [argument] = command.registeredArguments;
  return {
    place,
    name: command.name(),
    description: firstSentence(command.description()),
    options,
    argument: argument?.argChoices ?? valuesOf(argument?.name() ?? '', place),
    subcommands: command
      .createHelp()
      .visibleCommands(command)
      .filter((each) => each.name() !== 'help')
      .map((each) => commandTree(each, `${place}/${each.name()}`)),
  };
}

/** The command and everything below it. */
export function everyCommand(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.subcommands.flatMap(everyCommand)];
}

function valuesOf(name: string, place: string): Values {
  // Those of patterns are other types.
  if ((name === '--type' && place !== '/patterns') || (name === 'type' && place === '/send')) return 'types';
  if (name === '--source' || (name === 'source' && place.startsWith('/sources/'))) return 'sources';
  if (name === 'key' && place.startsWith('/config/')) return settingKeys;
  return 'anything';
}

function firstSentence(text: string): string {
  return text.split(/[;:.(\n]/, 1)[0]?.trim() ?? '';
}
