import { Command } from 'commander';
import type { Sample } from '../../index.ts';
import { rowLimit } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { columns, localTime, print, printJson, wholeNumber } from '../output.ts';
import { parseTime } from '../parse-time.ts';

interface SamplesOptions {
  since?: string;
  until?: string;
  limit: string;
  cursor?: string;
  json?: true;
}

export function command(): Command {
  return new Command('samples')
    .description('How the system was, from time to time, newest first')
    .option('--since <time>', 'from this time on')
    .option('--until <time>', 'before this time')
    .option('--limit <n>', "how many, or 'all'", '100')
    .option('--cursor <cursor>', 'go on where an earlier list stopped')
    .option('--json', 'one JSON map a line')
    .addHelpText(
      'after',
      '\nThe daemon takes one every five minutes while events come. A figure that nobody has reported is not there.',
    )
    .action((options: SamplesOptions) => list(options));
}

async function list({ since, until, limit, cursor: start, json }: SamplesOptions): Promise<void> {
  const query = {
    ...(since !== undefined && { since: await parseTime(since) }),
    ...(until !== undefined && { until: await parseTime(until) }),
    limit: rowLimit(limit),
    ...(start !== undefined && { cursor: start }),
  };
  await withClient(async (client) => {
    const found: Sample[] = [];
    let cursor: string | null = null;
    for await (const page of client.samplePages(query)) {
      cursor = page.cursor;
      if (json) for (const sample of page.items) await printJson(sample);
      else found.push(...page.items);
    }
    if (!json) await print(found.length === 0 ? 'there are no samples\n' : tableOf(found));
    if (cursor !== null) process.stderr.write(`there is more: add --limit all, or --cursor ${cursor}\n`);
  });
}

function tableOf(samples: readonly Sample[]): string {
  const figure = (value: number | null, text: (value: number) => string) => (value === null ? '-' : text(value));
  const rows = samples.map((sample) => [
    localTime(sample.timestamp),
    figure(sample.total_events, wholeNumber),
    figure(sample.events_per_second, (value) => value.toFixed(1)),
    figure(sample.storage_mb, (value) => value.toFixed(1)),
    figure(sample.active_embryos, wholeNumber),
    figure(sample.avg_fitness, (value) => value.toFixed(3)),
  ]);
  const heads = ['time', 'events', 'events/s', 'MiB', 'embryos', 'fitness'];
  return columns(heads, rows, heads.slice(1).join(' '));
}
