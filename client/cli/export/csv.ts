import type { StoredEvent } from '../../../shared/event.ts';
import { type Column, columnName, columnValue } from './column.ts';
import type { EventPages, Parts } from './formats.ts';

/** A table as in RFC 4180, with a row of names first. */
export async function* csv(pages: EventPages, columns: readonly Column[]): Parts {
  yield record(columns.map(columnName));
  for await (const events of pages) yield events.map((event) => row(event, columns)).join('');
}

function row(event: StoredEvent, columns: readonly Column[]): string {
  return record(columns.map((column) => columnValue(event, column)));
}

/** One line of a table. What is missing or null is an empty field, an empty text is `""`, maps and lists are JSON. */
export function record(values: readonly unknown[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' || /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
