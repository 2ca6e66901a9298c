import { widthOf } from './cells.ts';
import { edges, line, type Line, moved, span } from './line.ts';
import { isOld, type View } from './view.ts';

/** A part of the screen: so many lines of this width at most. */
export interface Room {
  width: number;
  height: number;
}

/** A heading with a rule to the end of the panel, then its lines; what has no room is left out. */
export function panel(view: View, room: Room, title: string, aside: string, body: readonly Line[]): Line[] {
  const heading = [span(title, 'bold')];
  if (aside !== '') heading.push(span(` ${aside}`, 'dim'));
  if (isOld(view)) heading.push(span(' (old)', 'yellow'));
  const used = heading.reduce((sum, { text }) => sum + widthOf(text), 1);
  heading.push(span(` ${view.charset.rule.repeat(Math.max(0, room.width - used))}`, 'dim'));
  return [line(room.width, ...heading), ...body].slice(0, room.height);
}

/**
 * What a figure is called, what it is, and what else there is to say as far as there is room for it.
 * @param label with the blanks behind it
 * @param values those that are known; with none, `unknown` is said
 */
export function labelled(
  width: number,
  label: string,
  values: readonly (string | null | undefined)[],
  unknown: string,
): Line {
  const [first, ...others] = values.filter((value) => value !== null && value !== undefined);
  if (first === undefined) return line(width, span(label, 'dim'), span(unknown, 'dim'));
  let more = '';
  for (const other of others) {
    if (widthOf(`${label}${first}${more}, ${other}`) <= width) more += `, ${other}`;
  }
  return line(width, span(label, 'dim'), span(first, 'bold'), span(more, 'dim'));
}

/** Left and right, with the same number of lines. */
export function beside(columns: readonly { at: number; lines: readonly Line[] }[]): Line[] {
  const height = Math.max(...columns.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, row) => columns.flatMap(({ at, lines }) => moved(lines[row] ?? [], at)));
}

/** The last line of a list that is longer than its room. */
export function listed(rows: readonly Line[], room: number, width: number, more: (hidden: number) => string): Line[] {
  if (rows.length <= room) return [...rows];
  const kept = Math.max(0, room - 1);
  return [...rows.slice(0, kept), edges(width, [span(more(rows.length - kept), 'dim')], [])];
}
