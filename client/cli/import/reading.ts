import { activityWatchEntries } from './activitywatch-entries.ts';
import { decompressed } from './decompressed.ts';
import type { Entry } from './entry.ts';
import { exportEntries } from './export-entries.ts';
import { type Format, formatOf, HEAD_BYTES } from './format.ts';
import { withHead } from './head.ts';
import { importedEvent } from './imported-event.ts';
import { lineEntries } from './line-entries.ts';
import type { OldDatabase } from './old-database.ts';
import type { Source } from './source.ts';

/** An input whose format is known, ready to be read once. */
export interface Reading {
  readonly format: Format;
  readonly entries: AsyncIterable<Entry>;
  /** How much of it was read, for people. */
  share(): string;
  /** Where else there is something to import. */
  readonly database?: OldDatabase;
}

/**
 * Unpacks what is packed and finds out what it is, unless `named`.
 * @throws when a database is not a plain file
 */
export async function openReading(source: Source, named: Format | undefined): Promise<Reading> {
  const begun = await withHead(await decompressed(source.bytes()), HEAD_BYTES);
  const { head, bytes } = begun;
  const format = named ?? formatOf(head);
  if (format === 'sqlite') {
    await begun.close();
    return openDatabase(source);
  }
  return { format, share: () => source.share(), entries: entriesOf(format, bytes, source) };
}

function entriesOf(
  format: Exclude<Format, 'sqlite'>,
  bytes: AsyncIterable<Buffer>,
  source: Source,
): AsyncIterable<Entry> {
  if (format === 'activitywatch') return activityWatchEntries(bytes, readAgain(source));
  return format === 'json' ? exportEntries(bytes) : lineEntries(bytes, importedEvent);
}

function readAgain(source: Source): (() => AsyncIterable<Buffer>) | undefined {
  if (source.file === undefined) return undefined;
  return async function* again() {
    yield* await decompressed(source.bytes());
  };
}

async function openDatabase({ file, name }: Source): Promise<Reading> {
  if (file === undefined) throw new Error(`a database cannot be read from ${name}: give it as a file`);
  // The client library never loads the addon, and other formats do not need it.
  const { OldDatabase } = await import('./old-database.ts');
  const database = new OldDatabase(file);
  const total = Math.max(database.countEvents(), 1);
  let read = 0;
  return {
    format: 'sqlite',
    database,
    share: () => ` (${Math.round((100 * read) / total)} %)`,
    entries: (async function* all() {
      for (const entry of database.events()) {
        read += 1;
        yield entry;
      }
    })(),
  };
}
