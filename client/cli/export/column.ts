import type { StoredEvent } from '../../../shared/event.ts';
import { UsageError } from '../exit.ts';

export const columnFields = ['id', 'timestamp', 'time', 'type', 'source', 'action', 'data'] as const;

/**
 * Keys from the event to a value, an item of a list by its place from 0: `['data', 'files', 0, 'path']`. `time` is the
 * timestamp as ISO 8601 text.
 */
export type Column = readonly [field: (typeof columnFields)[number], ...keys: (string | number)[]];

/** What every event has a place for. */
export const commonColumns: readonly Column[] = [['timestamp'], ['type'], ['source'], ['action']];

/** A key behind a dot, as it is or quoted as in JSON, or an item of a list. */
const KEY = /\.(?:(?<quoted>"(?:[^"\\]|\\.)*")|(?<bare>[^\s.,[\]"=!<>~]+))|\[(?<item>\d{1,15})\]/y;
const BARE_KEY = /^[^\s.,[\]"=!<>~]+$/;

/**
 * Columns as a person writes them: `time, type, data.files[0].path, data."a.b"`.
 * @throws UsageError
 */
export function parseColumns(text: string): Column[] {
  const columns: Column[] = [];
  for (let at = 0; at <= text.length; ) {
    const [start = '', field] = /^\s*([a-z]*)/.exec(text.slice(at)) ?? [];
    const { keys, end } = parseKeys(text, at + start.length);
    const [gap = ''] = /^\s*/.exec(text.slice(end)) ?? [];
    const next = end + gap.length;
    if (![undefined, ','].includes(text[next])) throw noColumn(text.slice(at));
    columns.push(columnOf(field ?? '', keys, text.slice(at, next).trim()));
    at = next + 1;
  }
  return columns;
}

function parseKeys(text: string, from: number): { keys: (string | number)[]; end: number } {
  const keys: (string | number)[] = [];
  let end = from;
  for (;;) {
    KEY.lastIndex = end;
    const groups = KEY.exec(text)?.groups;
    if (groups === undefined) return { keys, end };
    end = KEY.lastIndex;
    const { item, bare, quoted = '' } = groups;
    keys.push(item === undefined ? (bare ?? unquoted(quoted)) : Number(item));
  }
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw noColumn(text);
  }
}

function columnOf(name: string, keys: readonly (string | number)[], text: string): Column {
  const field = columnFields.find((candidate) => candidate === name);
  if (field === undefined || (field !== 'data' && keys.length > 0)) throw noColumn(text);
  return [field, ...keys];
}

function noColumn(text: string): UsageError {
  return new UsageError(
    `--columns: ${JSON.stringify(text)} is no column; there are ${columnFields.join(', ')} and data.KEY`,
  );
}

/** The name of a column, as `parseColumns` takes it. */
export function columnName([field, ...keys]: Column): string {
  const texts = keys.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return `.${BARE_KEY.test(key) ? key : JSON.stringify(key)}`;
  });
  return field + texts.join('');
}

/** What an event has there; undefined when it has nothing. */
export function columnValue(event: StoredEvent, [field, ...keys]: Column): unknown {
  if (field === 'time') return new Date(event.timestamp * 1000).toISOString();
  let value: unknown = event[field];
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    // Only what the event has: not `length`, not `constructor`. A number is no key of a map.
    if (Array.isArray(value) !== (typeof key === 'number') || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
