import { Command } from 'commander';
import { createWriteStream, realpathSync, renameSync, rmSync, statSync, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { StoredEvent } from '../../../shared/event.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import type { Client } from '../../client.ts';
import { sayDamaged } from '../damaged.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { Progress, wholeNumber } from '../output.ts';

const formats = ['json', 'ndjson'] as const;
type Format = (typeof formats)[number];

export function command(): Command {
  return addFilterOptions(new Command('export').description('Write events to a file, oldest first, all of them'))
    .argument('<file>', "where to, or '-' for standard output")
    .option('--format <format>', `${formats.join(' or ')} (by the file's ending, otherwise ndjson)`)
    .addHelpText(
      'after',
      "\nWhat it writes as ndjson, 'daybook ingest' reads back. A file appears only when it is complete.",
    )
    .action(async (file: string, options: FilterOptions & { format?: string }) => {
      const named = options.format ?? (file.endsWith('.json') ? 'json' : 'ndjson');
      const format = formats.find((candidate) => candidate === named);
      if (format === undefined) throw new UsageError(`--format must be one of: ${formats.join(', ')}`);
      const filter = await filterFrom(options);
      const total = await withClient((client) => exportTo(file, (output) => write(client, filter, format, output)));
      process.stderr.write(`${wholeNumber(total)} ${total === 1 ? 'event' : 'events'} exported\n`);
    });
}

/** Runs `produce` on a stream that becomes `file` when it succeeds, and leaves nothing behind when it does not. */
async function exportTo(file: string, produce: (output: Writable) => Promise<number>): Promise<number> {
  if (file === '-') return produce(process.stdout);
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw new Error(`${file} is a directory`);
  // A device or a pipe is written to; only a file is replaced.
  if (existing !== undefined && !existing.isFile()) return finish(createWriteStream(file), produce);
  const temporary = `${file}.${process.pid}.partial`;
  const remove = () => rmSync(temporary, { force: true });
  for (const [signal, exitCode] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    process.once(signal, () => {
      remove();
      process.exit(exitCode);
    });
  }
  try {
    const total = await finish(createWriteStream(temporary, { mode: 0o600, flush: true }), produce);
    renameSync(temporary, existing === undefined ? file : realpathSync(file));
    return total;
  } catch (error) {
    remove();
    throw error;
  }
}

async function finish(output: WriteStream, produce: (output: Writable) => Promise<number>): Promise<number> {
  try {
    await once(output, 'open');
    const total = await produce(output);
    output.end();
    await once(output, 'close');
    return total;
  } catch (error) {
    output.destroy();
    throw error;
  }
}

async function write(client: Client, filter: EventFilter, format: Format, output: Writable): Promise<number> {
  const progress = new Progress();
  let total = 0;
  const put = async (text: string) => {
    if (!output.write(text)) await once(output, 'drain');
  };
  if (format === 'json') {
    const range = { since: filter.since ?? null, until: filter.until ?? null };
    await put(`{"export_time":${JSON.stringify(new Date().toISOString())},"range":${JSON.stringify(range)},"events":[`);
  }
  for await (const page of client.pages({ ...filter, order: 'asc', snapshot: true })) {
    const lines = page.events.map((event) => JSON.stringify(exported(event)));
    if (format === 'ndjson') await put(lines.map((line) => `${line}\n`).join(''));
    else if (lines.length > 0) await put(`${total > 0 ? ',' : ''}\n${lines.join(',\n')}`);
    total += lines.length;
    page.damaged.forEach(sayDamaged);
    progress.show(`${wholeNumber(total)} events`);
  }
  if (format === 'json') await put(`\n],"total_events":${total}}\n`);
  progress.clear();
  return total;
}

/** An event as it was sent: ids belong to this database alone. */
function exported({ type, source, timestamp, action, data }: StoredEvent) {
  return { type, source, timestamp, ...(action !== undefined && { action }), data };
}
