import { counted, wholeNumber } from '../output.ts';
import { fit, fitRight, shown, widthOf } from './cells.ts';
import { bar } from './curve.ts';
import type { TypeFigures } from './figures.ts';
import { line, type Line, span } from './line.ts';
import { listed, panel, type Room } from './panel.ts';
import { sortedTypes } from './sorted-types.ts';
import { rateText, shareText, UNKNOWN } from './texts.ts';
import { matchesFilter, type View } from './view.ts';

/** From this width on there is room for how fast each type comes. */
const WITH_RATE = 50;
const SHARE = 6;
const RATE = 9;

/** How many events of which type there are. */
export function typesPanel(view: View, room: Room): Line[] {
  const { types } = view.figures;
  return panel(view, room, 'Types', `by ${view.sort}`, types === null ? [unknown(room)] : rows(view, types, room));
}

function unknown({ width }: Room): Line {
  return line(width, span(UNKNOWN, 'dim'));
}

function rows(view: View, types: readonly TypeFigures[], { width, height }: Room): Line[] {
  const wanted = sortedTypes(types, view.sort).filter(({ type }) => matchesFilter(view.filter, type));
  if (wanted.length === 0) {
    return [line(width, span(types.length === 0 ? 'no events yet' : 'no type matches the filter', 'dim'))];
  }
  const names = wanted.map(({ type }) => shown(type));
  const visible = height - 1;
  const nameWidth = Math.min(Math.max(...names.slice(0, visible).map(widthOf)), Math.floor(width * 0.34));
  const countWidth = Math.max(...wanted.map(({ events }) => wholeNumber(events).length));
  const rateWidth = width >= WITH_RATE ? RATE : 0;
  const barWidth = Math.max(0, width - nameWidth - countWidth - SHARE - rateWidth - 3);
  const total = types.reduce((sum, { events }) => sum + events, 0);
  const most = Math.max(...wanted.map(({ events }) => events));
  const lines = wanted.map(({ events, events_per_second: rate }, place) =>
    line(
      width,
      span(fit(names[place] ?? '', nameWidth)),
      span(` ${fit(bar(events / most, barWidth, view.charset), barWidth)} `, 'cyan'),
      span(fitRight(wholeNumber(events), countWidth), 'bold'),
      span(fitRight(shareText(events / Math.max(total, 1)), SHARE + 1), 'dim'),
      span(rateWidth > 0 && rate !== null && rate > 0 ? fitRight(`${rateText(rate)}/s`, rateWidth) : '', 'green'),
    ),
  );
  return listed(lines, visible, width, (hidden) => `and ${counted(hidden, 'more type')}`);
}
