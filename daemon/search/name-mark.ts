const LETTERS = { types: 't', sources: 's', actions: 'a' } as const;

/**
 * The word that stands in the index for the number of a name, so that a filter is one more word to look for. It begins
 * with a character for private use, which no word of a text has.
 */
export function nameMark(kind: keyof typeof LETTERS, id: number): string {
  return `\ue000${LETTERS[kind]}${id}`;
}
