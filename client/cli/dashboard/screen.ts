import { capturePanel } from './capture-panel.ts';
import { cut } from './cells.ts';
import { MINUTES } from './figures.ts';
import { footer } from './footer.ts';
import { header } from './header.ts';
import { help } from './help.ts';
import { latestPanel } from './latest-panel.ts';
import { learningLine, learningPanel } from './learning-panel.ts';
import { line, type Line, span } from './line.ts';
import { beside } from './panel.ts';
import { performancePanel } from './performance-panel.ts';
import { sourcesPanel } from './sources-panel.ts';
import { typesPanel } from './types-panel.ts';
import { isOld, type View } from './view.ts';

export interface Size {
  columns: number;
  rows: number;
}

/** Below it there is no room for what matters. */
export const LEAST: Size = { columns: 64, rows: 16 };
/** From so many columns on three panels stand side by side. */
const WIDE_COLUMNS = 150;
/** From so many rows on there is air between the parts. */
const TALL_ROWS = 30;
/** Heading and lines of the figures. */
const FIGURES_HEIGHT = 8;
const GUTTER = 3;
const LEAST_LIST = 2;
/** Columns for the figures on the right, when the curve on the left takes what it likes. */
const LEAST_SECOND = 46;

/** The whole screen: exactly as many lines as it has rows. */
export function screen(view: View, size: Size): Line[] {
  const { columns, rows } = size;
  if (columns < LEAST.columns || rows < LEAST.rows) return filled(tooSmall(size), rows);
  const bodyRows = rows - 2;
  const body = view.showsHelp ? [[], ...help(columns)] : parts(view, columns, bodyRows);
  const shown = filled(body.slice(0, bodyRows), bodyRows);
  return [header(view, columns), ...(isOld(view) ? shown.map(faded) : shown), footer(view, columns)];
}

/** What is not of now must not look like it. */
function faded(spans: Line): Line {
  return spans.map((each) => (each.look === 'yellow' ? each : { ...each, look: 'dim' }));
}

function parts(view: View, columns: number, rows: number): Line[] {
  const isTall = rows + 2 >= TALL_ROWS;
  const isWide = columns >= WIDE_COLUMNS;
  const air: Line[] = isTall ? [[]] : [];
  const figures = figurePanels(view, columns, isWide);
  const learning = isWide ? [] : learningPart(view, columns, isTall);
  const fixed = [...air, ...figures, ...learning, ...air, ...air];
  const { names, events } = heights(view, rows - fixed.length);
  const [left, right] = halves(columns);
  const lists = beside([
    { at: 0, lines: typesPanel(view, { width: left.width, height: names }) },
    { at: right.at, lines: sourcesPanel(view, { width: right.width, height: names }) },
  ]);
  const latest = latestPanel(view, { width: columns, height: events });
  return [...air, ...figures, ...air, ...lists, ...learning, ...air, ...latest];
}

function figurePanels(view: View, columns: number, isWide: boolean): Line[] {
  const all = [capturePanel, performancePanel, ...(isWide ? [learningPanel] : [])];
  const places = isWide ? thirds(columns) : halves(columns);
  return beside(
    places.map(({ at, width }, place) => ({
      at,
      lines: all[place]?.(view, { width, height: FIGURES_HEIGHT }) ?? [],
    })),
  );
}

function learningPart(view: View, columns: number, isTall: boolean): Line[] {
  if (!isTall) return [learningLine(view, columns, 'AI learning  ')];
  const [heading = []] = learningPanel(view, { width: columns, height: 1 });
  return [[], heading, learningLine(view, columns, '')];
}

/** The lists of names take what they need, up to half; latest events have the rest. Headings are counted. */
function heights({ figures: { types, sources } }: View, room: number): { names: number; events: number } {
  const wanted = 1 + Math.max(LEAST_LIST, types?.length ?? 0, sources?.length ?? 0);
  const names = Math.min(wanted, Math.max(1 + LEAST_LIST, Math.floor(room / 2)));
  return { names, events: room - names };
}

interface Column {
  at: number;
  width: number;
}

function halves(columns: number): [Column, Column] {
  const half = Math.floor((columns - GUTTER) / 2);
  const width = columns - GUTTER - MINUTES >= LEAST_SECOND ? Math.max(half, MINUTES) : half;
  return [
    { at: 0, width },
    { at: width + GUTTER, width: columns - width - GUTTER },
  ];
}

/** The first one has a cell for each minute. */
function thirds(columns: number): Column[] {
  const first = Math.max(MINUTES, Math.floor((columns - 2 * GUTTER) / 3));
  const [second, third] = halves(columns - first - GUTTER);
  const at = first + GUTTER;
  return [{ at: 0, width: first }, ...[second, third].map((column) => ({ ...column, at: column.at + at }))];
}

function tooSmall({ columns, rows }: Size): Line[] {
  const texts = [
    `The terminal is too small: ${columns}x${rows}.`,
    `The dashboard needs ${LEAST.columns}x${LEAST.rows}.`,
    'Make it larger, or press q.',
  ];
  return texts.map((text) => line(columns, span(cut(text, columns))));
}

function filled(lines: readonly Line[], rows: number): Line[] {
  return Array.from({ length: rows }, (_, row) => lines[row] ?? []);
}
