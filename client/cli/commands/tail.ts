import { Command } from 'commander';
import type { StoredEvent } from '../../../shared/event.ts';
import type { TailPosition } from '../../../shared/messages/tail.ts';
import type { Client } from '../../client.ts';
import { sayDamaged } from '../damaged.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { openClient, withClient } from '../open-client.ts';
import { eventLine, print, printJson } from '../output.ts';

interface TailCommandOptions extends FilterOptions {
  follow?: true;
  lines?: string;
  json?: true;
}

export function command(): Command {
  return addFilterOptions(new Command('tail').description('Show the newest events, and with -f whatever comes'))
    .option('-f, --follow', 'follow what is committed from now on, until Ctrl-C')
    .option('-n, --lines <n>', 'newest events to show first (10; with -f none)')
    .option('--json', 'one JSON map a line')
    .action(async (options: TailCommandOptions) => {
      const lines = Number(options.lines ?? (options.follow ? 0 : 10));
      if (!Number.isSafeInteger(lines) || lines < 0) throw new UsageError('--lines must be a whole number, 0 or more');
      const show = (event: StoredEvent) => (options.json ? printJson(event) : print(eventLine(event)));
      if (options.follow) await follow(await filterFrom(options), lines, show);
      else {
        const filter = await filterFrom(options);
        await withClient((client) => showNewest(client, filter, lines, undefined, show));
      }
    });
}

async function follow(
  filter: Awaited<ReturnType<typeof filterFrom>>,
  lines: number,
  show: (event: StoredEvent) => Promise<void>,
): Promise<void> {
  const client = await openClient({ reconnect: true });
  const started = Promise.withResolvers<TailPosition>();
  const tail = client.tail({
    ...filter,
    onStart: started.resolve,
    onDamaged: sayDamaged,
    onReset: ({ lostFrom, lostTo }) =>
      process.stderr.write(`events ${lostFrom} to ${lostTo} were deleted before they could be shown\n`),
  });
  process.once('SIGINT', () => void tail.return());
  process.once('SIGTERM', () => void tail.return());
  // The tail begins behind this id, so what is shown first ends at it: no event twice, none in between.
  try {
    const first = tail.next();
    first.catch(started.reject);
    const position = await started.promise;
    await showNewest(client, filter, lines, position.id, show);
    const { done, value } = await first;
    if (done !== true) await show(value);
    for await (const event of tail) await show(event);
  } finally {
    await client.close();
  }
}

async function showNewest(
  client: Client,
  filter: Awaited<ReturnType<typeof filterFrom>>,
  lines: number,
  maxId: number | undefined,
  show: (event: StoredEvent) => Promise<void>,
): Promise<void> {
  const newest: StoredEvent[] = [];
  if (lines > 0) {
    const query = { ...filter, limit: lines, onDamaged: sayDamaged, ...(maxId !== undefined && { maxId }) };
    for await (const event of client.events(query)) newest.push(event);
  }
  for (const event of newest.toReversed()) await show(event);
}
