import { Command } from 'commander';
import type { Client } from '../../client.ts';
import { exitCodes } from '../exit.ts';
import { type Format, formats, namedFormat } from '../import/format.ts';
import { importPatterns } from '../import/patterns.ts';
import { openReading, type Reading } from '../import/reading.ts';
import { importSamples } from '../import/samples.ts';
import { openSource } from '../import/source.ts';
import { Submission, submitAll } from '../import/submission.ts';
import { type Counts, printCounts, printTotalsAsJson, type Refusals, sayRefusals } from '../import/totals.ts';
import { openClient } from '../open-client.ts';
import { counted, Progress } from '../output.ts';

interface ImportOptions {
  format?: string;
  json?: true;
}

export function command(): Command {
  return new Command('import')
    .description('Record the events of a file that Daybook or another system has written')
    .argument('<file>', "a file, or '-' for standard input; gzip and zstd are unpacked")
    .option('--format <format>', `${formats.join(', ')} (by the content, unless given)`)
    .option('--json', 'print the totals as JSON')
    .addHelpText(
      'after',
      `
Formats:
  ndjson         one event a line, canonical or flat; what 'daybook export' and 'daybook list --json' write
  json           the document that 'daybook export' writes, or a list of events
  activitywatch  a bucket export: the bucket's type and client become type and source, the duration stands in the data
  sqlite         an events.db, of Daybook or of the system it follows, with its patterns and samples

Safe to repeat, also after an interruption: what is stored already counts as duplicate. What cannot be stored is named
with its line, event or row; the rest goes in. Exits 1 when there was such a thing.`,
    )
    .action(async (file: string, options: ImportOptions) => {
      const format = options.format === undefined ? undefined : namedFormat(options.format);
      const source = openSource(file);
      const client = await openClient({ reconnect: true });
      try {
        const reading = await openReading(source, format);
        await importAll(client, reading, options.json === true);
      } finally {
        await client.close();
      }
    });
}

interface Totals extends Counts {
  format: Format;
  /** Of a database only. */
  patterns?: Counts;
  samples?: Counts;
}

/** Says what became of it also when it could not be read to its end. */
async function importAll(client: Client, reading: Reading, json: boolean): Promise<void> {
  const { format, entries, database } = reading;
  const progress = new Progress();
  const submission = new Submission(client, {
    mustPersist: true,
    onReceipt: () => {
      const { stored, duplicate } = submission.counts;
      progress.show(`${counted(stored + duplicate, 'event')}${reading.share()}`);
    },
  });
  const { counts, refusals } = submission;
  const rest: Pick<Totals, 'patterns' | 'samples'> = {};
  try {
    await submitAll(submission, entries);
    if (database === undefined) return;
    rest.patterns = await importPatterns(client, database, refusals);
    rest.samples = await importSamples(client, database, refusals);
  } finally {
    database?.close();
    progress.clear();
    await report({ format, ...counts, ...rest }, refusals, json);
  }
}

async function report(totals: Totals, refusals: Refusals, json: boolean): Promise<void> {
  if (refusals.count > 0) process.exitCode = exitCodes.failed;
  if (json) {
    await printTotalsAsJson(totals, refusals);
    return;
  }
  sayRefusals(refusals);
  await printCounts(totals);
  if (totals.patterns !== undefined) await printCounts(totals.patterns, 'patterns: ');
  if (totals.samples !== undefined) await printCounts(totals.samples, 'samples: ');
}
