import { Command } from 'commander';
import { once } from 'node:events';
import type { StoredEvent } from '../../../shared/event.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import type { TailPosition } from '../../../shared/messages/tail.ts';
import type { Client, Tail, TailOptions } from '../../index.ts';
import { sayDamaged } from '../damaged.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { openClient, withClient } from '../open-client.ts';
import { eventLine, print } from '../output.ts';

interface TailCommandOptions extends FilterOptions {
  follow?: true;
  lines?: string;
  after?: string;
  cursorName?: string;
  json?: true;
}

export function command(): Command {
  return addFilterOptions(new Command('tail').description('Show the newest events, and with -f whatever comes'))
    .option('-f, --follow', 'follow what is committed from now on, until Ctrl-C')
    .option(
      '-n, --lines <n>',
      'newest events to show first (10, or all with --since; with -f none, or all with --since)',
    )
    .option('--after <id>', 'everything that arrived behind this event, in the order of arrival; 0 for all there is')
    .option('--cursor-name <name>', 'go on where this name has come to; what is written out is acknowledged')
    .option('--json', 'one JSON map a line')
    .addHelpText(
      'after',
      `
With --cursor-name the daemon remembers what was written out, and the next tail of that name goes on behind it: each
event is shown at least once, whatever ends in between. A new name begins with everything that is stored, or behind
--after. 'daybook cursors' lists them.`,
    )
    .action(async (options: TailCommandOptions) => {
      const filter = await filterFrom(options);
      const text = (event: StoredEvent) => (options.json ? `${JSON.stringify(event)}\n` : eventLine(event));
      if (options.after !== undefined || options.cursorName !== undefined) {
        if (options.lines !== undefined) throw new UsageError('--lines goes neither with --after nor --cursor-name');
        await goOn(options, filter, text);
        return;
      }
      const lines = linesFrom(options);
      if (options.follow) await follow(filter, lines, text);
      else await withClient((client) => showNewest(client, filter, lines, undefined, text));
    });
}

/** @throws UsageError */
function linesFrom({ lines, since, hours, follow: isFollowing }: TailCommandOptions): number {
  if (lines === undefined) {
    if (since !== undefined || hours !== undefined) return Number.POSITIVE_INFINITY;
    return isFollowing ? 0 : 10;
  }
  const count = Number(lines);
  if (lines.trim() === '' || !Number.isSafeInteger(count) || count < 0) {
    throw new UsageError('--lines must be a whole number, 0 or more');
  }
  return count;
}

/** Shows what arrived behind a position, and acknowledges it if it has a name. */
async function goOn(
  { after, cursorName, follow: isFollowing }: TailCommandOptions,
  filter: EventFilter,
  text: (event: StoredEvent) => string,
): Promise<void> {
  const afterId = after === undefined ? undefined : positionFrom(after);
  const client = await openClient(isFollowing === true ? { reconnect: true, patience: 'tell' } : {});
  try {
    const { databaseId } = await client.ready();
    const tail = client.tail({
      ...filter,
      ...said,
      follow: isFollowing === true,
      ...(afterId !== undefined && { after: { databaseId, id: afterId } }),
      ...(cursorName !== undefined && { cursorName, acknowledgement: 'manual' }),
    });
    endWithSignals(tail);
    for await (const event of tail) await write(text(event), () => tail.acknowledge(event));
    // Callbacks come in order: behind this one everything is acknowledged that was written.
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    await tail.return();
  } finally {
    await client.close();
  }
}

/** @throws UsageError */
function positionFrom(text: string): number {
  const id = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(id) || id < 0) {
    throw new UsageError(`--after must be the id of an event, or 0, not ${JSON.stringify(text)}`);
  }
  return id;
}

/** Calls `onWritten` when the text has left the process; waits only for a reader that is slower. */
async function write(text: string, onWritten: () => void): Promise<void> {
  const hasRoom = process.stdout.write(text, (error) => {
    if (error === undefined || error === null) onWritten();
  });
  if (!hasRoom) await once(process.stdout, 'drain');
}

async function follow(filter: EventFilter, lines: number, text: (event: StoredEvent) => string): Promise<void> {
  const client = await openClient({ reconnect: true, patience: 'tell' });
  const started = Promise.withResolvers<TailPosition>();
  const tail = client.tail({ ...filter, ...said, onStart: started.resolve });
  endWithSignals(tail);
  // The tail begins behind this id, so what is shown first ends at it: no event twice, none in between.
  try {
    const first = tail.next();
    first.catch(started.reject);
    const position = await started.promise;
    await showNewest(client, filter, lines, position.id, text);
    const { done, value } = await first;
    if (done !== true) await print(text(value));
    for await (const event of tail) await print(text(event));
  } finally {
    await client.close();
  }
}

async function showNewest(
  client: Client,
  filter: EventFilter,
  lines: number,
  maxId: number | undefined,
  text: (event: StoredEvent) => string,
): Promise<void> {
  if (lines === 0) return;
  const query = { ...filter, onDamaged: sayDamaged, ...(maxId !== undefined && { maxId }) };
  if (lines === Number.POSITIVE_INFINITY) {
    for await (const event of client.events({ ...query, order: 'asc' })) await print(text(event));
    return;
  }
  const newest = await Array.fromAsync(client.events({ ...query, limit: lines }));
  for (const event of newest.toReversed()) await print(text(event));
}

function endWithSignals(tail: Tail): void {
  process.once('SIGINT', () => void tail.return());
  process.once('SIGTERM', () => void tail.return());
}

/** What a person should know of a tail besides its events. */
const said: Pick<TailOptions, 'onDamaged' | 'onReset'> = {
  onDamaged: sayDamaged,
  onReset: ({ lostFrom, lostTo }) =>
    process.stderr.write(`events ${lostFrom} to ${lostTo} were deleted before they could be shown\n`),
};
