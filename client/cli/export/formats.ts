import type { StoredEvent } from '../../../shared/event.ts';
import { UsageError } from '../exit.ts';

export const formats = ['json', 'ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof formats)[number];

export const compressions = { gz: 'gzip', zst: 'zstd' } as const;
export type Compression = (typeof compressions)[keyof typeof compressions];

/** Events in the order of the export, a page at a time. */
export type EventPages = AsyncIterable<readonly StoredEvent[]>;
/** What a format makes of them: the parts of the file, in order. */
export type Parts = AsyncGenerator<string | Uint8Array, void, undefined>;

const formatOfEnding = new Map<string, Format>([
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['csv', 'csv'],
  ['parquet', 'parquet'],
]);

/**
 * What a file of this name holds: `x.csv.gz` is CSV in gzip. A format that is named goes before the ending.
 * @throws UsageError
 */
export function kindOfFile(file: string, named: string | undefined): { format: Format; compression?: Compression } {
  const endings = file.toLowerCase().split('.').slice(1);
  const last = endings.at(-1) ?? '';
  const compression = Object.hasOwn(compressions, last) ? compressions[last as keyof typeof compressions] : undefined;
  const ending = endings.at(compression === undefined ? -1 : -2) ?? '';
  const format = named === undefined ? (formatOfEnding.get(ending) ?? 'ndjson') : formats.find((one) => one === named);
  if (format === undefined) throw new UsageError(`--format must be one of: ${formats.join(', ')}`);
  if (compression === undefined) return { format };
  if (format === 'parquet') throw new UsageError(`parquet is compressed in itself: leave .${last} out of the name`);
  return { format, compression };
}
