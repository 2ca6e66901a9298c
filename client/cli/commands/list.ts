import { Command } from 'commander';
import { type Order, orders } from '../../../shared/messages/query.ts';
import { sayDamaged } from '../damaged.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions, rowLimit } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { eventLine, print, printJson } from '../output.ts';

interface ListOptions extends FilterOptions {
  limit: string;
  order: string;
  cursor?: string;
  json?: true;
}

export function command(): Command {
  return addFilterOptions(new Command('list').description('List events, newest first'))
    .option('--limit <n>', "how many, or 'all'", '100')
    .option('--order <order>', 'desc (newest first) or asc, by the time of the event', 'desc')
    .option('--cursor <cursor>', 'go on where an earlier list with the same filters stopped')
    .option('--json', 'one JSON map a line')
    .action(async (options: ListOptions) => {
      const limit = rowLimit(options.limit);
      const order = orders.find((candidate) => candidate === options.order);
      if (order === undefined) throw new UsageError(`--order must be one of: ${orders.join(', ')}`);
      await list(options, order, limit);
    });
}

async function list(options: ListOptions, order: Order, limit: number): Promise<void> {
  const filter = await filterFrom(options);
  await withClient(async (client) => {
    let shown = 0;
    let cursor: string | null = null;
    const query = { ...filter, order, limit, ...(options.cursor !== undefined && { cursor: options.cursor }) };
    for await (const page of client.pages(query)) {
      cursor = page.cursor;
      shown += page.events.length;
      page.damaged.forEach(sayDamaged);
      if (options.json) for (const event of page.events) await printJson(event);
      else await print(page.events.map(eventLine).join(''));
    }
    if (shown === 0 && !options.json) process.stderr.write('no events match\n');
    // A list that stops early says so, and how to go on.
    if (cursor !== null) process.stderr.write(`there is more: add --limit all, or --cursor ${cursor}\n`);
  });
}
