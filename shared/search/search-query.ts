import { DaybookError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type Word, wordsOf } from './words.ts';

export type QueryWord = Pick<Word, 'whole' | 'parts'>;

/** Words in a row, within one text. */
export interface Phrase {
  words: readonly QueryWord[];
  /** The last word may go on. */
  isPrefix: boolean;
}

/** Holds when one of its ways does. */
export interface Term {
  /** The phrase, in any text when no field is named. */
  phrase: Phrase;
  /** The keys that lead to the text, or the last of them, in lower case. */
  field: readonly string[] | undefined;
  /** `field:word` as it stands, in any text: `localhost:8080` is no field. Undefined without a field. */
  asText: Phrase | undefined;
}

export interface SearchQuery {
  /** Of each group one term must hold. */
  groups: readonly (readonly Term[])[];
  /** None of these may hold. */
  excluded: readonly Term[];
}

/**
 * A query as people type it. Every text is one, unless there is no word in it.
 *
 * | written | asks for |
 * |---|---|
 * | `budget report` | both words, anywhere |
 * | `bud*` | words that begin so |
 * | `"budget report"` | the words in a row, within one value |
 * | `report-final.pdf` | the same: what is written without a space is a phrase of its words |
 * | `-draft`, `-"first draft"` | not that |
 * | `mail OR letter` | one of them |
 * | `title:budget`, `data.file.name:"final report"` | in a value with this key, or under these keys; or as text that stands so |
 *
 * @throws DaybookError invalid_request without any word, too_large
 */
export function parseSearchQuery(text: string): SearchQuery {
  if (text.length > limits.searchQueryCharacters) {
    throw new DaybookError('too_large', `a search has at most ${limits.searchQueryCharacters} characters`);
  }
  const groups: Term[][] = [];
  const excluded: Term[] = [];
  let words = 0;
  let joins = false;
  for (const { groups: item = {} } of text.replaceAll(/[“”„]/g, '"').matchAll(ITEM)) {
    const isExcluded = item['minus'] !== undefined;
    if (item['bare'] === 'OR' && !isExcluded && item['field'] === undefined) {
      joins = groups.length > 0;
      continue;
    }
    const term = termOf(item);
    if (term === undefined) continue;
    words += term.phrase.words.length + (term.asText?.words.length ?? 0);
    if (isExcluded) excluded.push(term);
    else if (joins) groups.at(-1)?.push(term);
    else groups.push([term]);
    joins = false;
  }
  if (words === 0) throw new DaybookError('invalid_request', 'there is no word in this search');
  if (words > limits.searchWords) {
    throw new DaybookError('too_large', `a search has at most ${limits.searchWords} words`);
  }
  return { groups, excluded };
}

/** One item: an optional minus, an optional field, and a quoted text (which may lack its end) or a bare one. */
const ITEM =
  /(?<minus>-(?![-\s]))?(?:(?<field>[\p{L}_$][\p{L}\p{N}_.$-]*):(?=["\p{L}\p{N}]))?(?:"(?<quoted>[^"]*)"?|(?<bare>[^\s"]\S*))/gu;

function termOf(item: Record<string, string | undefined>): Term | undefined {
  const { field, quoted, bare = '' } = item;
  const text = quoted ?? bare;
  const phrase = phraseOf(text, quoted === undefined);
  if (phrase.words.length === 0) return undefined;
  if (field === undefined) return { phrase, field: undefined, asText: undefined };
  const name = phraseOf(field, false).words;
  return {
    phrase,
    field: field.toLowerCase().split('.'),
    asText: { words: [...name, ...phrase.words], isPrefix: phrase.isPrefix },
  };
}

function phraseOf(text: string, mayBePrefix: boolean): Phrase {
  const normal = text.normalize('NFC');
  const words = wordsOf(normal);
  const isPrefix = mayBePrefix && normal.endsWith('*') && words.at(-1)?.end === normal.length - 1;
  return { words: words.map(({ whole, parts }) => ({ whole, parts })), isPrefix };
}
