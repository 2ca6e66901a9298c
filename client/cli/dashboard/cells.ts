import { eastAsianWidth } from 'get-east-asian-width';
import { plain } from '../output.ts';

/**
 * What takes no place of its own, or one that terminals do not agree on: joiners, variation selectors, skin tones, tags,
 * marks of direction. Left out, so that a text takes the cells that `widthOf` says in any terminal.
 */
const UNSHOWN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Emoji_Modifier}]/gu;
/** Marks over and under a letter; more of them than any script needs are no text. */
const MARKS = /(\p{M}{3})\p{M}+/gu;
const MARK = /^\p{M}$/u;

/** Text from outside as it may be shown: nothing in it steers the terminal, and all of it has a known width. */
export function shown(text: string): string {
  return plain(text.toWellFormed()).replaceAll(UNSHOWN, '').replaceAll(MARKS, '$1');
}

/** Cells that a text takes which `shown` has made. */
export function widthOf(text: string): number {
  // Most text is ASCII.
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As much of a text as there are cells for; what is cut ends with `…`. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let taken = 0;
  for (const character of text) {
    const wide = characterWidth(character);
    if (taken + wide > width - 1) break;
    kept += character;
    taken += wide;
  }
  return `${kept}…`;
}

/** In exactly so many cells, from the left. */
export function fit(text: string, width: number): string {
  const kept = cut(text, width);
  return kept + ' '.repeat(Math.max(0, width - widthOf(kept)));
}

/** In exactly so many cells, to the right. */
export function fitRight(text: string, width: number): string {
  const kept = cut(text, width);
  return ' '.repeat(Math.max(0, width - widthOf(kept))) + kept;
}

function characterWidth(character: string): number {
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x300) return 1;
  // The vowels and ends of Korean syllables stand in the cells of their beginning.
  const isInSyllable = (codePoint >= 0x1160 && codePoint <= 0x11ff) || (codePoint >= 0xd7b0 && codePoint <= 0xd7ff);
  if (isInSyllable || MARK.test(character)) return 0;
  return eastAsianWidth(codePoint);
}
