import { Command } from 'commander';
import { limits } from '../../../shared/limits.ts';
import type { SourceActivity, SourceState } from '../../index.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { columns, durationText, localTime, paint, plain, print, printJson, wholeNumber } from '../output.ts';
import { parseDuration } from '../parse-duration.ts';

const colours: Record<SourceState, 'green' | 'dim' | 'yellow' | 'red'> = {
  live: 'green',
  idle: 'dim',
  late: 'yellow',
  stalled: 'red',
};

export function command(): Command {
  return new Command('sources')
    .description('Who sends events, and whether they still come')
    .option('--json', 'one JSON map a line')
    .addHelpText(
      'after',
      `
A source is live, or idle when nothing came of it for ten minutes. One that was given a cadence is late after one and a
half of it, and stalled after three. Time in which the machine sleeps or no daemon runs does not count.`,
    )
    .action(async (options: { json?: true }) => {
      const { sources, partial } = await withClient((client) => client.sources());
      if (options.json) for (const source of sources) await printJson(source);
      else await print(sources.length === 0 ? 'there are no sources\n' : tableOf(sources, Date.now() / 1000));
      if (partial) process.stderr.write(`daybook: there are more; these are ${limits.sourcesListed} of them\n`);
    })
    .addCommand(setCommand())
    .addCommand(unsetCommand());
}

function setCommand(): Command {
  return new Command('set')
    .description('Say how often a source has events, so that its silence is noticed')
    .argument('<source>', 'its name')
    .requiredOption('--every <time>', "the longest between two of its events: '60s', '5m', '1h'")
    .exitOverride()
    .action(async (name: string, options: { every: string }) => {
      const cadenceSeconds = parseDuration(options.every);
      const least = limits.cadenceMinMs / 1000;
      const most = limits.cadenceMaxSeconds;
      if (cadenceSeconds < least || cadenceSeconds > most) {
        throw new UsageError(`--every must be from ${least} s to ${wholeNumber(most / 86_400)} days`);
      }
      await withClient((client) => client.declareSource(name, { cadenceSeconds }));
    });
}

function unsetCommand(): Command {
  return new Command('unset')
    .description('Take that back: its silence means nothing')
    .argument('<source>', 'its name')
    .addHelpText('after', '\nExits 1 when the source has no cadence.')
    .exitOverride()
    .action(async (name: string) => {
      const isKnown = await withClient(async (client) => {
        const { sources } = await client.sources();
        await client.declareSource(name, { cadenceSeconds: null });
        return sources.some(({ source, cadence_seconds }) => source === name && cadence_seconds !== null);
      });
      if (isKnown) return;
      process.stderr.write(`daybook: ${plain(JSON.stringify(name))} has no cadence; 'daybook sources' lists them\n`);
      process.exitCode = exitCodes.failed;
    });
}

function tableOf(sources: readonly SourceActivity[], nowSeconds: number): string {
  const rows = sources.map(({ source, state, last_timestamp, last_committed, cadence_seconds, events }) => [
    plain(source),
    paint(colours[state], state),
    agoText(last_timestamp, nowSeconds),
    agoText(last_committed, nowSeconds),
    cadence_seconds === null ? '-' : cadenceText(cadence_seconds),
    wholeNumber(events),
  ]);
  return columns(['source', 'state', 'last event', 'committed', 'cadence', 'events'], rows, 'events');
}

function agoText(seconds: number | null, nowSeconds: number): string {
  if (seconds === null) return '-';
  return seconds > nowSeconds + 1 ? localTime(seconds) : `${durationText(Math.max(nowSeconds - seconds, 0))} ago`;
}

function cadenceText(seconds: number): string {
  return Number.isInteger(seconds) ? durationText(seconds) : `${seconds}s`;
}
