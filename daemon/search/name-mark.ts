const LETTERS = { types: 't', sources: 's', actions: 'a' } as const;

/**
 * The word that stands in the index for the number of a name, so that a filter is one more word to look for. It begins
 * with a sign that separates words, so no word of a text has it; of Latin-1, so that texts stay one byte a character.
 */
export function nameMark(kind: keyof typeof LETTERS, id: number): string {
  return `×${LETTERS[kind]}${id}`;
}
