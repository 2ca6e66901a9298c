import type { SearchQuery, Term } from './search-query.ts';

/** Texts of which, group by group, one stands in every event that matches, whatever the case. */
export class Needles {
  readonly #groups: readonly (readonly string[])[];

  constructor(query: SearchQuery) {
    this.#groups = query.groups
      .map((group) => group.map(needleOf))
      .filter((needles): needles is string[] => !needles.includes(undefined));
  }

  /**
   * False when no event with this data and these names can match. Spares most events that are not indexed the parsing.
   * @param json of the data
   * @param names type, source and action
   */
  mayMatch(json: string, names: string): boolean {
    // Other letters have other spellings, and so do escapes.
    if (NOT_LITERAL.test(json) || NOT_LITERAL.test(names)) return true;
    const text = json.toLowerCase();
    const name = names.toLowerCase();
    return this.#groups.every((needles) => needles.some((needle) => text.includes(needle) || name.includes(needle)));
  }
}

const NOT_LITERAL = /[^\x20-\x5b\x5d-\x7e]/;
const ASCII = /^[a-z0-9]+$/;

function needleOf({ phrase }: Term): string | undefined {
  const literal = phrase.words.filter(({ whole, parts }) => parts.length === 0 && ASCII.test(whole));
  return literal.map(({ whole }) => whole).toSorted((a, b) => b.length - a.length)[0];
}
