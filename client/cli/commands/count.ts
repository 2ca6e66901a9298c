import { Command, InvalidArgumentError } from 'commander';
import { countDimensions } from '../../../shared/messages/count.ts';
import type { CountDimension as Dimension, EventCount } from '../../index.ts';
import { sayUncounted } from '../damaged.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { columns, localTime, plain, print, printJson, wholeNumber } from '../output.ts';

interface CountOptions extends FilterOptions {
  by?: Dimension[];
  json?: true;
}

const dimensions: readonly Dimension[] = [...countDimensions, 'day'];

export function command(): Command {
  return addFilterOptions(new Command('count').description('How many events there are, at once however many they are'))
    .option('--by <what>', 'of each type, source, action, hour or day (may be repeated)', collectDimension)
    .option('--json', 'one JSON map a line')
    .addHelpText(
      'after',
      `
Hours are hours of UTC, and days are made up of them: where local time is off by half an hour, the hour in which a day
begins counts to the day before.`,
    )
    .action(async (options: CountOptions) => {
      const by = [...new Set(options.by)];
      const filter = await filterFrom(options);
      const counts = await withClient((client) => client.count({ ...filter, by, onDamaged: sayUncounted }));
      if (options.json) for (const count of counts) await printJson(count);
      else if (by.length === 0) await print(`${wholeNumber(counts[0]?.count ?? 0)}\n`);
      else if (counts.length === 0) process.stderr.write('no events match\n');
      else
        await print(
          columns(
            [...by, 'events'],
            counts.map((count) => cells(count, by)),
            'events',
          ),
        );
    });
}

function collectDimension(value: string, earlier: Dimension[] = []): Dimension[] {
  const dimension = dimensions.find((candidate) => candidate === value);
  if (dimension === undefined) throw new InvalidArgumentError(`It must be one of: ${dimensions.join(', ')}.`);
  return [...earlier, dimension];
}

function cells(count: EventCount, by: readonly Dimension[]): string[] {
  const values = by.map((dimension) => {
    const value = count[dimension];
    return typeof value === 'number' ? localTime(value).slice(0, 16) : plain(value ?? '-');
  });
  return [...values, wholeNumber(count.count)];
}
