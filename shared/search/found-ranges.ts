import { phraseEnd, placesOf } from './phrase-match.ts';
import type { SearchQuery } from './search-query.ts';
import { wordsOf } from './words.ts';

/** A stretch of a text: UTF-16 code units, the end exclusive. */
export interface Range {
  start: number;
  end: number;
}

/** Where a text, in NFC, has what a query asks for; in order, without overlaps. */
export function foundRanges(query: SearchQuery, text: string): Range[] {
  const places = placesOf(wordsOf(text));
  const phrases = query.groups
    .flat()
    .flatMap(({ phrase, asText }) => (asText === undefined ? [phrase] : [asText, phrase]));
  const ranges: Range[] = [];
  for (let from = 0; from < places.length; from += 1) {
    for (const phrase of phrases) {
      const end = phraseEnd(places, from, phrase);
      const first = places[from];
      const last = end === undefined ? undefined : places[end - 1];
      if (first !== undefined && last !== undefined) ranges.push({ start: first.start, end: last.end });
    }
  }
  return merged(ranges.toSorted((a, b) => a.start - b.start));
}

function merged(ranges: readonly Range[]): Range[] {
  const apart: Range[] = [];
  for (const range of ranges) {
    const last = apart.at(-1);
    if (last !== undefined && range.start < last.end) last.end = Math.max(last.end, range.end);
    else apart.push({ ...range });
  }
  return apart;
}
