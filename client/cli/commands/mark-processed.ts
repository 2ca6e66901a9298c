import { Command } from 'commander';
import type { Client, EventsToMark } from '../../index.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { print, printJson, wholeNumber } from '../output.ts';

interface MarkOptions extends FilterOptions {
  upTo?: string;
  upToCursor?: string;
  undo?: true;
  json?: true;
}

export function command(): Command {
  return addFilterOptions(
    new Command('mark-processed').description('Mark events as processed').argument('[ids...]', 'of the events'),
  )
    .option('--up-to <id>', 'all that match, up to this event in the order of arrival')
    .option('--up-to-cursor <name>', "all that match, up to where this consumer has come ('daybook cursors')")
    .option('--undo', 'take the mark away')
    .option('--json', 'print {"marked": N}')
    .addHelpText(
      'after',
      `
Work a queue off:
  daybook list --unprocessed --type note --order asc --json
  daybook mark-processed 17 18 21
  daybook mark-processed --up-to 40 --type note`,
    )
    .action(async (ids: string[], options: MarkOptions) => {
      const marked = await withClient(async (client) =>
        client.markProcessed(await eventsFrom(client, ids, options), { processed: options.undo !== true }),
      );
      if (options.json) await printJson({ marked });
      else await print(`${wholeNumber(marked)} ${marked === 1 ? 'mark has' : 'marks have'} changed\n`);
    });
}

/** @throws UsageError */
async function eventsFrom(client: Client, ids: string[], options: MarkOptions): Promise<EventsToMark> {
  const { upTo, upToCursor } = options;
  const filter = await filterFrom(options);
  if ([ids.length > 0, upTo !== undefined, upToCursor !== undefined].filter(Boolean).length !== 1) {
    throw new UsageError('give either ids of events, or --up-to, or --up-to-cursor');
  }
  if (ids.length > 0) {
    if (Object.keys(filter).length > 0) throw new UsageError('filters go with --up-to and --up-to-cursor only');
    return ids.map((id) => idFrom(id));
  }
  const { databaseId } = await client.ready();
  const id = upToCursor === undefined ? idFrom(upTo ?? '') : await positionOf(client, upToCursor);
  return { ...filter, upTo: { databaseId, id } };
}

async function positionOf(client: Client, name: string): Promise<number> {
  const cursor = (await client.cursors()).find((candidate) => candidate.name === name);
  if (cursor === undefined) throw new UsageError(`there is no cursor ${JSON.stringify(name)}`);
  return cursor.id;
}

function idFrom(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id) || id < 1) {
    throw new UsageError(`${JSON.stringify(text)} is not the id of an event`);
  }
  return id;
}
