import { paint, plain } from '../output.ts';
import type { Answer, SqlValue } from './question.ts';
import { jsonText, valueText } from './value-text.ts';

/** Lines of text, in order. */
export type Lines = Generator<string, void, undefined>;

/** One JSON map a line. */
export function* jsonLines({ columns, rows }: Answer): Lines {
  const keys = columns.map((name) => JSON.stringify(name));
  for (const row of rows) yield `{${row.map((value, column) => `${keys[column]}:${jsonText(value)}`).join(',')}}\n`;
}

/** Values with tabs between them, their own tabs, line ends and backslashes as `\t`, `\n`, `\r`, `\\`. */
export function* tabbedLines({ columns, rows }: Answer, hasHead: boolean): Lines {
  if (hasHead) yield `${columns.map(escaped).join('\t')}\n`;
  for (const row of rows) yield `${row.map((value) => escaped(valueText(value))).join('\t')}\n`;
}

const ESCAPES: { readonly [character: string]: string } = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

function escaped(text: string): string {
  return text.replaceAll(/[\t\n\r\\]/g, (character) => ESCAPES[character] ?? character);
}

/** Rows that decide how wide the columns are; later ones may stand out. */
const MEASURED_ROWS = 200;
const WIDEST_CELL = 60;

/** Aligned columns for a terminal: long values are cut, and so are lines that are wider than it. */
export function* alignedLines({ columns, rows }: Answer, hasHead: boolean, terminalWidth: number): Lines {
  const first: SqlValue[][] = [];
  const iterator = rows[Symbol.iterator]();
  let next = iterator.next();
  for (; !next.done && first.length < MEASURED_ROWS; next = iterator.next()) first.push(next.value);
  const cells = (row: SqlValue[]) =>
    row.map((value, column) => cut(plain(valueText(value)), column < row.length - 1 ? WIDEST_CELL : terminalWidth));
  const texts = first.map(cells);
  const heads = hasHead ? columns.map(plain) : columns.map(() => '');
  const widths = heads.map((head, column) => Math.max(head.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const areNumbers = columns.map((_, column) => first.every((row) => isNumber(row[column])));
  const line = (row: readonly string[]) => {
    const aligned = row.map((cell, column) =>
      areNumbers[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    return cut(aligned.join('  ').trimEnd(), terminalWidth);
  };
  if (hasHead) yield `${paint('dim', line(heads))}\n`;
  for (const row of texts) yield `${line(row)}\n`;
  for (; !next.done; next = iterator.next()) yield `${line(cells(next.value))}\n`;
}

function isNumber(value: SqlValue | undefined): boolean {
  return value === null || typeof value === 'number' || typeof value === 'bigint';
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(width - 1, 0))}…` : text;
}
