import { UsageError } from '../exit.ts';

export const formats = ['ndjson', 'json', 'activitywatch', 'sqlite'] as const;
export type Format = (typeof formats)[number];

/** Bytes of an input that tell its format. */
export const HEAD_BYTES = 4_096;

const SQLITE_HEADER = 'SQLite format 3\u0000';

/** The format of an input by its first bytes, unpacked. Whatever is nothing else is NDJSON. */
export function formatOf(head: Buffer): Format {
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith(SQLITE_HEADER)) return 'sqlite';
  if (text.startsWith('[')) return 'json';
  // One map on the first line is an event, unless it is a whole document.
  const line = mapOf(text.slice(0, text.includes('\n') ? text.indexOf('\n') : undefined));
  if (line !== undefined) {
    if (isMap(line['buckets'])) return 'activitywatch';
    return Array.isArray(line['events']) && !('type' in line) ? 'json' : 'ndjson';
  }
  if (/^\{\s*"buckets"\s*:\s*\{/.test(text)) return 'activitywatch';
  return /^\{\s*("events"\s*:\s*\[|"(export_time|range|total_events)"\s*:)/.test(text) ? 'json' : 'ndjson';
}

/** @throws UsageError */
export function namedFormat(name: string): Format {
  const format = formats.find((candidate) => candidate === name);
  if (format === undefined) throw new UsageError(`--format must be one of: ${formats.join(', ')}`);
  return format;
}

function mapOf(text: string): { [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
