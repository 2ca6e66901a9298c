import type { Json, StoredEvent } from '../../shared/event.ts';

/**
 * The documented meaning of a search, written down once more for texts of ASCII and spelled out over plain strings: what
 * stands in a value, its words in a row, between spaces; a divided word as such and as its parts.
 */
export function scanFor(
  events: readonly StoredEvent[],
  wanted: { words: readonly string[]; isPrefix: boolean },
): number[] {
  const needle = ` ${wanted.words.join(' ').toLowerCase()}${wanted.isPrefix ? '' : ' '}`;
  return events
    .filter((event) => readingsOf(event).some((reading) => reading.includes(needle)))
    .map(({ id }) => id)
    .toSorted((a, b) => b - a);
}

const known = new WeakMap<StoredEvent, string[]>();

function readingsOf(event: StoredEvent): string[] {
  let all = known.get(event);
  if (all === undefined) {
    all = [...new Set(textsOf(event).flatMap(readings))];
    known.set(event, all);
  }
  return all;
}

/** The values of an event as text. */
export function textsOf({ type, source, action, data }: StoredEvent): string[] {
  return [type, source, ...(action === undefined ? [] : [action]), ...valuesOf(data)];
}

function valuesOf(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  return Object.values(value).flatMap(valuesOf);
}

/** Every way to read a text: each divided word whole or in parts. Few have more than a handful of divided words. */
function readings(text: string): string[] {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const divided = (word: string) => {
    const parts = word.replaceAll(
      /([a-z])([A-Z])|([A-Z0-9])(?=[A-Z][a-z]{2})/g,
      (_, low: string, up: string, last: string) => (last === undefined ? `${low} ${up}` : `${last} `),
    );
    return parts.split(' ').length > 8 || word.length > 64 ? word : parts;
  };
  const whole = words.map((word) => word.slice(0, 64));
  const some = words.map((word, index) =>
    divided(word) === word ? [whole[index] ?? ''] : [whole[index] ?? '', divided(word)],
  );
  // One divided word whole at a time is enough for a phrase that has one.
  const all = [some.map((ways) => ways.at(-1) ?? ''), some.map((ways) => ways[0] ?? '')];
  for (const [index, ways] of some.entries()) {
    if (ways.length > 1) all.push(some.map((each, other) => (other === index ? (each[0] ?? '') : (each.at(-1) ?? ''))));
  }
  return all.map((reading) => ` ${reading.join(' ').toLowerCase()} `);
}
