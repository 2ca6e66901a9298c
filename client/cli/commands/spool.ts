import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import { spoolDirectoryOf } from '../../spool/settings.ts';
import { type SpoolSurvey, surveySpools } from '../../spool/survey.ts';
import { deliverSpool, type Drained } from '../deliver-spool.ts';
import { exitCodes } from '../exit.ts';
import { bytesText, columns, localTime, plain, print, printJson, wholeNumber } from '../output.ts';

interface SpoolFlags {
  directory?: string;
  json?: true;
}

export function command(): Command {
  const drain = new Command('drain')
    .description('Deliver what ended processes have left')
    .argument('[name]', 'of this client only')
    .option('--directory <dir>', 'where the spools are')
    .option('--json', 'print the totals as one JSON map')
    .addHelpText('after', '\nExits 1 when something could not be delivered, 3 when no daemon answers.')
    .action((name: string | undefined, _options: unknown, self: Command) => drainAll(name, self.optsWithGlobals()));
  return new Command('spool')
    .description('What waits on disk for the daemon, by client')
    .option('--directory <dir>', 'where the spools are (beside the socket, unless said)')
    .option('--json', 'one JSON map for each client')
    .option('--verify', 'exit 1 when something in it is damaged, and say what')
    .addHelpText('after', '\nThe next process with the name of a client delivers what ended ones have left.')
    .action((options: SpoolFlags & { verify?: true }) => list(options))
    .addCommand(drain.exitOverride());
}

function rootOf({ directory }: SpoolFlags): string {
  return directory ?? spoolDirectoryOf(daybookPaths(process.env).socket);
}

async function list(options: SpoolFlags & { verify?: true }): Promise<void> {
  const surveys = surveySpools(rootOf(options));
  if (options.json) for (const survey of surveys) await printJson(survey);
  else await print(surveys.length === 0 ? 'nothing waits\n' : tableOf(surveys));
  if (!options.verify) return;
  for (const { path, damaged } of surveys.flatMap(({ damagedSegments }) => damagedSegments)) {
    process.stderr.write(`daybook: ${path} is damaged in ${damaged} ${damaged === 1 ? 'place' : 'places'}\n`);
    process.exitCode = exitCodes.failed;
  }
}

function tableOf(surveys: readonly SpoolSurvey[]): string {
  const time = (seconds: number | null) => (seconds === null ? '-' : localTime(seconds));
  const rows = surveys.map((survey) => [
    nameOf(survey),
    wholeNumber(survey.segments),
    wholeNumber(survey.events),
    bytesText(survey.bytes),
    time(survey.oldest),
    time(survey.newest),
    wholeNumber(survey.damaged),
    wholeNumber(survey.dropped),
    survey.owners.map(({ pid, alive }) => (pid === 0 ? 'none' : `${pid} (${alive ? 'alive' : 'ended'})`)).join(', ') ||
      '-',
  ]);
  const heads = ['client', 'segments', 'events', 'size', 'oldest', 'newest', 'damaged', 'dropped', 'owner'];
  return columns(heads, rows, 'segments events size damaged dropped');
}

function nameOf({ client, directory }: SpoolSurvey): string {
  return plain(client ?? directory);
}

async function drainAll(name: string | undefined, options: SpoolFlags): Promise<void> {
  const root = rootOf(options);
  const surveys = surveySpools(root).filter(({ client }) => name === undefined || client === name);
  const totals: Drained = { stored: 0, duplicate: 0, rejected: 0, damaged: 0, left: 0 };
  for (const survey of surveys) {
    sayLiving(survey);
    for (const [field, count] of Object.entries(await deliverSpool(survey, root)))
      totals[field as keyof Drained] += count;
  }
  if (options.json) await printJson(totals);
  else if (surveys.length === 0) await print('nothing waits\n');
  else {
    const { stored, duplicate, rejected, damaged } = totals;
    await print(`stored ${stored}, duplicate ${duplicate}, rejected ${rejected}, damaged ${damaged}\n`);
  }
  if (totals.rejected + totals.damaged + totals.left > 0) process.exitCode = exitCodes.failed;
}

function sayLiving(survey: SpoolSurvey): void {
  for (const { pid, alive, events } of survey.owners) {
    if (!alive) continue;
    const count = `${wholeNumber(events)} ${events === 1 ? 'event is' : 'events are'}`;
    process.stderr.write(`${nameOf(survey)}: ${count} left to process ${pid}, which runs\n`);
  }
}
