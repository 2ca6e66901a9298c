import type { Phrase, QueryWord } from './search-query.ts';
import type { Word } from './words.ts';

/** Where words may begin in a text: each part of a divided word is a place of its own. */
export interface Place {
  token: string;
  /** The divided word that begins here, and how many places it takes. */
  whole: string | undefined;
  span: number;
  start: number;
  end: number;
}

export function placesOf(words: readonly Word[]): Place[] {
  return words.flatMap(({ whole, parts, start, end }) => {
    if (parts.length === 0) return [{ token: whole, whole: undefined, span: 1, start, end }];
    return parts.map((token, index) => ({
      token,
      whole: index === 0 ? whole : undefined,
      span: index === 0 ? parts.length : 1,
      start,
      end,
    }));
  });
}

/** The place behind the phrase when it stands at `from`; undefined when it does not. */
export function phraseEnd(places: readonly Place[], from: number, { words, isPrefix }: Phrase): number | undefined {
  return endOf(places, from, words, 0, isPrefix);
}

export function hasPhrase(places: readonly Place[], phrase: Phrase): boolean {
  return places.some((_, from) => phraseEnd(places, from, phrase) !== undefined);
}

function endOf(
  places: readonly Place[],
  from: number,
  words: readonly QueryWord[],
  at: number,
  isPrefix: boolean,
): number | undefined {
  const word = words[at];
  if (word === undefined) return from;
  const isOpen = isPrefix && at === words.length - 1;
  for (const next of wordEnds(places, from, word, isOpen)) {
    const end = endOf(places, next, words, at + 1, isPrefix);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** A word stands at a place as it is, as a divided word, or as its own parts in a row. */
function wordEnds(places: readonly Place[], from: number, word: QueryWord, isOpen: boolean): number[] {
  const place = places[from];
  if (place === undefined) return [];
  const ends: number[] = [];
  if (isSame(place.token, word.whole, isOpen)) ends.push(from + 1);
  if (place.whole !== undefined && isSame(place.whole, word.whole, isOpen)) ends.push(from + place.span);
  const { parts } = word;
  if (
    parts.length > 0 &&
    parts.every((part, index) => isSame(places[from + index]?.token, part, isOpen && index === parts.length - 1))
  ) {
    ends.push(from + parts.length);
  }
  return ends;
}

function isSame(token: string | undefined, wanted: string, isOpen: boolean): boolean {
  return isOpen ? (token?.startsWith(wanted) ?? false) : token === wanted;
}
