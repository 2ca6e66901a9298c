import { Command } from 'commander';
import { DaybookError } from '../../../shared/errors.ts';
import { parseSearchQuery } from '../../../shared/search/search-query.ts';
import { sayDamaged } from '../damaged.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions, rowLimit } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { print, printJson } from '../output.ts';
import { foundLine } from '../snippet.ts';

interface SearchOptions extends FilterOptions {
  limit: string;
  cursor?: string;
  json?: true;
}

export function command(): Command {
  const described = new Command('search')
    .description('Find events by words in them, the newest arrival first')
    .argument('<query...>', 'words; word*; "a phrase"; -word; one OR other; field:word');
  return addFilterOptions(described)
    .option('--limit <n>', "how many, or 'all'", '20')
    .option('--cursor <cursor>', 'go on where an earlier search stopped')
    .option('--json', 'one JSON map a line')
    .action(async (words: string[], options: SearchOptions) => search(words.join(' '), options));
}

/** @throws UsageError when there is nothing to look for */
function queryFrom(text: string): ReturnType<typeof parseSearchQuery> {
  try {
    return parseSearchQuery(text);
  } catch (error) {
    throw error instanceof DaybookError ? new UsageError(error.message) : error;
  }
}

async function search(text: string, options: SearchOptions): Promise<void> {
  const limit = rowLimit(options.limit);
  const filter = await filterFrom(options);
  const query = queryFrom(text);
  await withClient(async (client) => {
    let shown = 0;
    let cursor: string | null = null;
    const asked = { ...filter, limit, ...(options.cursor !== undefined && { cursor: options.cursor }) };
    for await (const page of client.searchPages(text, asked)) {
      cursor = page.cursor;
      shown += page.events.length;
      page.damaged.forEach(sayDamaged);
      if (options.json) for (const event of page.events) await printJson(event);
      else await print(page.events.map((event) => foundLine(event, query)).join(''));
    }
    if (shown === 0 && !options.json) process.stderr.write('nothing found\n');
    if (cursor !== null) process.stderr.write(`there is more: add --limit all, or --cursor ${cursor}\n`);
  });
}
