import { cut, widthOf } from './cells.ts';

/** How a piece of text looks; without colours all look the same, so none says what the text does not. */
export type Look = 'plain' | 'dim' | 'bold' | 'cyan' | 'green' | 'yellow' | 'red';

export interface Span {
  text: string;
  look: Look;
  /** Where it begins, cells from the left edge; drawn there even if what is before it takes another width than we think. */
  at: number;
}

/** One line of the screen: spans from left to right. */
export type Line = readonly Span[];

const NOT_YET = -1;

export function span(text: string, look: Look = 'plain'): Span {
  return { text, look, at: NOT_YET };
}

/** Spans one behind the other, in at most `width` cells. */
export function line(width: number, ...spans: readonly Span[]): Line {
  const placed: Span[] = [];
  let at = 0;
  for (const { text, look } of spans) {
    const kept = cut(text, width - at);
    if (kept !== '') placed.push({ text: kept, look, at });
    at += widthOf(kept);
  }
  return placed;
}

/** What stands at the left edge, and what at the right one; the left one gives way. */
export function edges(width: number, left: readonly Span[], right: readonly Span[]): Line {
  const rightWidth = right.reduce((sum, { text }) => sum + widthOf(text), 0);
  if (rightWidth >= width) return line(width, ...left);
  return [...line(width - rightWidth - 1, ...left), ...moved(line(rightWidth, ...right), width - rightWidth)];
}

/** The same line further to the right. */
export function moved(spans: Line, by: number): Line {
  return spans.map((each) => ({ ...each, at: each.at + by }));
}

/** As text, without any look. */
export function textOf(spans: Line): string {
  let text = '';
  let width = 0;
  for (const { text: piece, at } of spans) {
    text += ' '.repeat(Math.max(0, at - width)) + piece;
    width = Math.max(width, at) + widthOf(piece);
  }
  return text.trimEnd();
}
