import { once } from 'node:events';
import type { Json, StoredEvent } from '../../../shared/event.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import type { Pattern } from '../../../shared/messages/patterns.ts';
import { isMatch } from '../../../shared/search/event-match.ts';
import { parseSearchQuery } from '../../../shared/search/search-query.ts';
import { UsageError } from '../exit.ts';
import { filterFrom, type FilterOptions } from '../filter-options.ts';

export interface SelectionOptions extends FilterOptions {
  match?: string[];
  contains?: string;
  id?: string[];
}

/** What is to be forgotten. All that is given must hold; ids stand alone. */
export interface Selection {
  filter: EventFilter;
  /** As people type a search. */
  query: string | undefined;
  contains: string | undefined;
  ids: number[];
}

/** @throws UsageError when nothing is selected: everything is not forgotten by leaving something out */
export async function selectionFrom(options: SelectionOptions): Promise<Selection> {
  const filter = await filterFrom(options);
  const query = options.match?.join(' ');
  if (query !== undefined) parseSearchQuery(query);
  const contains = options.contains === '-' ? await textFromInput() : options.contains;
  if (contains === '') throw new UsageError('--contains needs a text: every event contains nothing');
  const ids = (options.id ?? []).map(idFrom);
  const conditions = Object.keys(filter).length + Number(query !== undefined) + Number(contains !== undefined);
  if (ids.length > 0 && conditions > 0) throw new UsageError('--id stands alone: leave the other conditions out');
  if (ids.length === 0 && conditions === 0) {
    throw new UsageError('say what to forget: --match, --contains, --id, or filters as for daybook list');
  }
  return { filter, query, contains, ids };
}

/** Whether a text stands in the event as it is: in its names, or in the JSON of its data, keys and numbers too. */
export function containsText({ type, source, action = '', data }: Omit<StoredEvent, 'id' | 'timestamp'>, text: string) {
  return [type, source, action].some((name) => name.includes(text)) || jsonContains(JSON.stringify(data), text);
}

/** Patterns have no fields that a filter knows: only the words or the text that is looked for decide. */
export function isPatternSelected(pattern: Pattern, { query, contains }: Selection): boolean {
  if (query === undefined && contains === undefined) return false;
  const { patternType, patternData, embryoId } = pattern;
  const texts = [patternType, patternData, embryoId ?? ''];
  if (contains !== undefined && !texts.some((text) => jsonContains(text, contains))) return false;
  if (query === undefined) return true;
  const event = { type: patternType, source: embryoId ?? '', data: { pattern: jsonOr(patternData) } };
  return isMatch(parseSearchQuery(query), event);
}

/** In a string of JSON text, a text stands as JSON writes it. */
function jsonContains(json: string, text: string): boolean {
  return json.includes(text) || json.includes(JSON.stringify(text).slice(1, -1));
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** @throws UsageError */
function idFrom(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id) || id < 1) {
    throw new UsageError(`${JSON.stringify(text)} is not the id of an event`);
  }
  return id;
}

/** The first line of stdin, so that what is to be forgotten is not in the history of the shell. */
async function textFromInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('text to forget: ');
  let text = '';
  process.stdin.setEncoding('utf8');
  const take = (chunk: string) => {
    text += chunk;
    if (text.includes('\n')) process.stdin.emit('line');
  };
  process.stdin.on('data', take);
  await Promise.race([once(process.stdin, 'end'), once(process.stdin, 'line')]);
  process.stdin.off('data', take);
  process.stdin.pause();
  return (text.split('\n')[0] ?? '').replace(/\r$/, '');
}
