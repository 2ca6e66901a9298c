import { Command, Option } from 'commander';
import type { EventCount } from '../../index.ts';
import { sayUncounted } from '../damaged.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { type Bucket, buckets } from '../histogram-buckets.ts';
import { withClient } from '../open-client.ts';
import { paint, print, printJson, wholeNumber } from '../output.ts';

interface HistogramOptions extends FilterOptions {
  by?: 'hour' | 'day';
  json?: true;
}

/** Beyond so many hours, days are easier to read. */
const MOST_HOURS = 72;

export function command(): Command {
  return addFilterOptions(new Command('histogram').description('How many events there were in each hour or day'))
    .addOption(new Option('--by <unit>', 'hour, or day (hours up to three days, then days)').choices(['hour', 'day']))
    .option('--json', 'one JSON map a line, as it is without a terminal')
    .action(async (options: HistogramOptions) => {
      const filter = await filterFrom(options);
      const count = (client: Counter, by: 'hour' | 'day') =>
        client.count({ ...filter, by: [by], onDamaged: sayUncounted });
      const found = await withClient(async (client) => {
        const hours = buckets(await count(client, options.by ?? 'hour'));
        return options.by === undefined && hours.length > MOST_HOURS ? buckets(await count(client, 'day')) : hours;
      });
      if (options.json || !process.stdout.isTTY) for (const { values } of found) await printJson(values);
      else if (found.length === 0) process.stderr.write('no events match\n');
      else await print(bars(found, process.stdout.columns));
    });
}

interface Counter {
  count(query: { by: ('hour' | 'day')[]; onDamaged: (events: number) => void }): Promise<EventCount[]>;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A line for each bucket: its label, a bar as long as its share of the highest, the number. */
function bars(found: readonly Bucket[], width: number): string {
  const highest = Math.max(...found.map(({ values }) => values.count));
  const labelWidth = Math.max(...found.map(({ label }) => label.length));
  const room = Math.max(width - labelWidth - wholeNumber(highest).length - 3, 8);
  return found
    .map(({ label, values: { count } }) => {
      const eighths = count === 0 ? 0 : Math.max(1, Math.round((count / highest) * room * 8));
      const bar = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
      return `${paint('dim', label.padEnd(labelWidth))} ${paint('cyan', bar)} ${wholeNumber(count)}\n`;
    })
    .join('');
}
