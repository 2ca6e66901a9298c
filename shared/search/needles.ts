import type { QueryWord, SearchQuery, Term } from './search-query.ts';

/** Texts, or words in a row, of which, group by group, one stands in every event that matches, whatever the case. */
export class Needles {
  readonly #groups: readonly (readonly Needle[])[];

  constructor(query: SearchQuery) {
    this.#groups = query.groups
      .map((group) => group.map(needleOf))
      .filter((needles): needles is Needle[] => !needles.includes(undefined));
  }

  /**
   * False when no event with this data and these names can match. Spares most events that are not indexed the parsing, and
   * most of those that the index gives for a phrase.
   * @param json of the data
   * @param names type, source and action
   */
  mayMatch(json: string, names: string): boolean {
    // Other letters have other spellings, and so do escapes.
    if (NOT_LITERAL.test(json) || NOT_LITERAL.test(names)) return true;
    const text = json.toLowerCase();
    const name = names.toLowerCase();
    return this.#groups.every((needles) => needles.some((needle) => stands(needle, text) || stands(needle, name)));
  }
}

const NOT_LITERAL = /[^\x20-\x5b\x5d-\x7e]/;
const ASCII = /^[a-z0-9]+$/;
/** A word that is longer counts by its beginning, so that others need not follow it. */
const WHOLE_CHARACTERS = 63;

type Needle = string | RegExp;

function stands(needle: Needle, text: string): boolean {
  return typeof needle === 'string' ? text.includes(needle) : needle.test(text);
}

function needleOf({ phrase }: Term): Needle | undefined {
  const { words } = phrase;
  if (words.length > 1 && words.every(isLiteral)) return new RegExp(words.map(({ whole }) => whole).join('[^a-z0-9]*'));
  const literal = phrase.words.filter(({ whole, parts }) => parts.length === 0 && ASCII.test(whole));
  return literal.map(({ whole }) => whole).toSorted((a, b) => b.length - a.length)[0];
}

function isLiteral({ whole, parts }: QueryWord): boolean {
  return parts.length === 0 && whole.length <= WHOLE_CHARACTERS && ASCII.test(whole);
}
