import type { Phrase, SearchQuery, Term } from '../../shared/search/search-query.ts';
import type { ResolvedFilter } from '../query/event-filter.ts';
import { nameMark } from './name-mark.ts';

/** A search in terms of the index. */
export interface IndexQuery {
  /** FTS5. Undefined when the index has nothing to go by: only words that must not be there. */
  expression: string | undefined;
  /** Whether every row the index gives matches the query; otherwise its text decides. */
  isExact: boolean;
}

/** Every word is quoted and has nothing but letters and digits, so nothing in a query is syntax of FTS5. */
export function indexQuery({ groups, excluded }: SearchQuery, filter: ResolvedFilter): IndexQuery {
  const wanted = groups.map((group) => anyOf(group.map(termExpression)));
  for (const kind of ['types', 'sources', 'actions'] as const) {
    const ids = filter[kind];
    if (ids !== undefined) wanted.push(anyOf([...ids].map((id) => quoted(nameMark(kind, id)))));
  }
  const isExact = [...groups.flat(), ...excluded].every(isWord);
  if (wanted.length === 0) return { expression: undefined, isExact: false };
  const unwanted = excluded.filter(isWord).map(termExpression);
  const expression = wanted.join(' AND ');
  return { expression: unwanted.length === 0 ? expression : `(${expression}) NOT ${anyOf(unwanted)}`, isExact };
}

/** One undivided word, in any field: what the index knows by itself. */
function isWord({ phrase, field }: Term): boolean {
  return field === undefined && phrase.words.length === 1 && phrase.words[0]?.parts.length === 0;
}

/** What every event that has the phrase has: its words, in any order. */
function termExpression({ phrase }: Term): string {
  return `(${phrase.words.map((_, index) => wordExpression(phrase, index)).join(' AND ')})`;
}

function wordExpression({ words, isPrefix }: Phrase, index: number): string {
  const { whole, parts } = words[index] ?? { whole: '', parts: [] };
  const star = isPrefix && index === words.length - 1 ? '*' : '';
  const asWhole = `${quoted(whole)}${star}`;
  if (parts.length === 0) return asWhole;
  const asParts = parts.map((part, at) => `${quoted(part)}${at === parts.length - 1 ? star : ''}`);
  return `(${asWhole} OR (${asParts.join(' AND ')}))`;
}

function anyOf(expressions: readonly string[]): string {
  return `(${expressions.join(' OR ')})`;
}

function quoted(word: string): string {
  return `"${word}"`;
}
