import type { StoredEvent } from '../event.ts';
import { eventTexts } from './event-texts.ts';
import { hasPhrase, type Place, placesOf } from './phrase-match.ts';
import type { SearchQuery, Term } from './search-query.ts';
import { wordsOf } from './words.ts';

interface ReadText {
  path: readonly string[];
  places: Place[];
}

/** Whether an event is what a query asks for. */
export function isMatch(query: SearchQuery, event: Omit<StoredEvent, 'id' | 'timestamp'>): boolean {
  const texts = eventTexts(event).map(({ path, text }) => ({ path, places: placesOf(wordsOf(text)) }));
  return (
    query.groups.every((group) => group.some((term) => holds(term, texts))) &&
    !query.excluded.some((term) => holds(term, texts))
  );
}

function holds({ phrase, field, asText }: Term, texts: readonly ReadText[]): boolean {
  return texts.some(
    ({ path, places }) =>
      ((field === undefined || isUnder(path, field)) && hasPhrase(places, phrase)) ||
      (asText !== undefined && hasPhrase(places, asText)),
  );
}

/** Whether the last keys of a path are these. */
export function isUnder(path: readonly string[], field: readonly string[]): boolean {
  const from = path.length - field.length;
  return from >= 0 && field.every((key, index) => path[from + index]?.toLowerCase() === key);
}
