import type { Json } from '../../shared/event.ts';
import { plainWords } from '../../shared/search/words.ts';

/**
 * The words of an event's data in a form that SQLite's ascii tokenizer splits alike: those of every value at every depth,
 * numbers and literals as JSON writes them. Keys are not among them.
 */
export function dataWords(value: Json): string {
  if (typeof value === 'string') return ` ${plainWords(value)}`;
  if (typeof value !== 'object' || value === null) return ` ${String(value)}`;
  let words = '';
  // Object.values costs an array an event.
  for (const item of Array.isArray(value) ? value : Object.values(value)) words += dataWords(item);
  return words;
}
