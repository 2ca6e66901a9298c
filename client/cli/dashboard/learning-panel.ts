import { wholeNumber } from '../output.ts';
import { shown } from './cells.ts';
import type { LearningFigures, Said } from './figures.ts';
import { line, type Line, type Span, span } from './line.ts';
import { labelled, panel, type Room } from './panel.ts';
import { momentText, UNKNOWN } from './texts.ts';
import type { View } from './view.ts';

interface Item {
  label: string;
  /** Where there is little room. */
  short: string;
  value: string | null;
  more: string[];
  unknown: string;
}

const LABEL = 17;
/** Columns that the long names need on one line. */
const ROOMY = 100;

/** What learners have said of themselves: patterns they stored, and figures in samples. */
export function learningPanel(view: View, room: Room): Line[] {
  const rows = items(view).map(({ label, value, more, unknown }) =>
    labelled(room.width, label.padEnd(LABEL), [value, ...(value === null ? [] : more)], unknown),
  );
  return panel(view, room, 'AI learning', '', rows);
}

/** The same on one line. */
export function learningLine(view: View, width: number, title: string): Line {
  const spans: Span[] = [span(title, 'bold')];
  for (const [place, { label, short, value, unknown }] of items(view).slice(0, 3).entries()) {
    if (place > 0) spans.push(span(', ', 'dim'));
    spans.push(
      span(`${width < ROOMY ? short : label} `, 'dim'),
      value === null ? span(unknown, 'dim') : span(value, 'bold'),
    );
  }
  return line(width, ...spans);
}

function items(view: View): Item[] {
  const { capture, learning } = view.figures;
  const moment = (seconds: number) => momentText(seconds, view.now);
  const said = (
    label: string,
    short: string,
    what: Said | null | undefined,
    text: (value: number) => string,
  ): Item => ({
    label,
    short,
    value: what ? text(what.value) : null,
    more: what ? [`said ${moment(what.at)}`] : [],
    unknown: learning === null ? UNKNOWN : 'not reported',
  });
  return [
    {
      label: 'patterns found',
      short: 'patterns',
      value: capture && wholeNumber(capture.patterns),
      more: [],
      unknown: UNKNOWN,
    },
    said('active embryos', 'embryos', learning?.active_embryos, wholeNumber),
    said('average fitness', 'fitness', learning?.average_fitness, (value) => String(Number(value.toFixed(4)))),
    latestPattern(learning, moment),
  ];
}

function latestPattern(learning: LearningFigures | null, moment: (seconds: number) => string): Item {
  const pattern = learning?.latest_pattern;
  const unknown = learning === null ? UNKNOWN : 'none';
  const names = { label: 'latest pattern', short: 'latest' };
  if (!pattern) return { ...names, value: null, more: [], unknown };
  const { patternType, confidence, embryoId, created } = pattern;
  const by = embryoId === null ? '' : ` by ${shown(embryoId)}`;
  return {
    ...names,
    value: shown(patternType),
    more: [`${confidence.toFixed(2)} sure${by}`, moment(created)],
    unknown,
  };
}
