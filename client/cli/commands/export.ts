import { Command } from 'commander';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import { type Column, parseColumns } from '../export/column.ts';
import { destinationFor } from '../export/complete-file.ts';
import { compressor } from '../export/compressor.ts';
import { csv } from '../export/csv.ts';
import { discoverColumns } from '../export/discover-columns.ts';
import { type EventPages, type Format, formats, kindOfFile, type Parts } from '../export/formats.ts';
import { json } from '../export/json.ts';
import { ndjson } from '../export/ndjson.ts';
import { ProgressBar } from '../export/progress-bar.ts';
import { Snapshot } from '../export/snapshot.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions } from '../filter-options.ts';
import { withClient } from '../open-client.ts';
import { wholeNumber } from '../output.ts';

interface ExportOptions extends FilterOptions {
  format?: string;
  columns?: string;
  force?: true;
}

const HELP = `
What it writes as ndjson or json, 'daybook import' reads back. A name that ends in .gz or .zst is compressed. The file
appears, private and complete, when all is written; an interrupted export leaves none. Events that are stored meanwhile
are left out.

Columns of CSV: id, timestamp (seconds), time (ISO 8601), type, source, action, data (JSON) and what is in it, such as
data.path or data.steps[0]."a b". Without --columns they are timestamp, type, source, action and every key that data has
in one of the events, which reads them twice.

Parquet has timestamp (float64, seconds), time (UTC, microseconds), type, source, action and data (JSON text), in zstd.`;

export function command(): Command {
  return addFilterOptions(new Command('export').description('Write events to a file, oldest first, all of them'))
    .argument('<file>', "where to, or '-' for standard output")
    .option('--format <format>', `${formats.join(', ')} (by the file's ending, otherwise ndjson)`)
    .option('--columns <columns>', 'columns of CSV, separated by commas')
    .option('--force', 'replace a file that is there')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ExportOptions) => {
      const kind = kindOfFile(file, options.format);
      const columns = options.columns === undefined ? undefined : parseColumns(options.columns);
      if (columns !== undefined && kind.format !== 'csv') throw new UsageError('--columns is for --format csv');
      const isStdout = file === '-';
      if (isStdout && kind.format === 'parquet' && process.stdout.isTTY) {
        throw new UsageError('parquet is nothing for a terminal: name a file');
      }
      const filter = await filterFrom(options);
      const destination = isStdout ? undefined : destinationFor(file, options.force === true);
      await withClient(async (client) => {
        const snapshot = await Snapshot.take(client, filter);
        const expected = process.stderr.isTTY ? await snapshot.expectedEvents() : undefined;
        const run = new ExportRun(snapshot, filter, columns, expected);
        const fill = async (output: Writable) => {
          const parts = run.parts(kind.format);
          const end = { end: !isStdout };
          if (kind.compression === undefined) await pipeline(parts, output, end);
          else await pipeline(parts, compressor(kind.compression), output, end);
          await run.finish();
        };
        await (destination === undefined ? fill(process.stdout) : destination.write(fill));
        run.report();
      });
    });
}

class ExportRun {
  readonly #snapshot: Snapshot;
  readonly #filter: EventFilter;
  readonly #columns: readonly Column[] | undefined;
  readonly #expected: number | undefined;
  #total = 0;
  #deleted = 0;

  constructor(
    snapshot: Snapshot,
    filter: EventFilter,
    columns: readonly Column[] | undefined,
    expected: number | undefined,
  ) {
    this.#snapshot = snapshot;
    this.#filter = filter;
    this.#columns = columns;
    this.#expected = expected;
  }

  async *parts(format: Format): Parts {
    if (format === 'json') yield* json(this.#pages(), this.#filter);
    else if (format === 'ndjson') yield* ndjson(this.#pages());
    else if (format === 'csv') yield* csv(this.#pages(), this.#columns ?? (await this.#discovered()));
    // Loaded only when it is asked for.
    else yield* (await import('../export/parquet.ts')).parquet(this.#pages());
  }

  #discovered(): Promise<Column[]> {
    return discoverColumns(this.#pages(() => undefined));
  }

  async *#pages(onDamaged?: (id: number) => void): EventPages {
    const bar = new ProgressBar(this.#expected);
    this.#total = 0;
    try {
      for await (const events of this.#snapshot.pages(onDamaged)) {
        yield events;
        this.#total += events.length;
        bar.add(events.length);
      }
    } finally {
      bar.clear();
    }
  }

  /** Before the file has its name: without this answer nobody knows whether it is complete. */
  async finish(): Promise<void> {
    this.#deleted = await this.#snapshot.deletedSince();
  }

  report(): void {
    process.stderr.write(`${wholeNumber(this.#total)} ${this.#total === 1 ? 'event' : 'events'} exported\n`);
    if (this.#deleted === 0) return;
    process.stderr.write(
      `daybook: ${wholeNumber(this.#deleted)} ${this.#deleted === 1 ? 'event was' : 'events were'} deleted from the ` +
        'history meanwhile; those that had not been read by then are not in the export\n',
    );
  }
}
