import type { SourceState } from '../../../shared/messages/sources.ts';
import { counted, wholeNumber } from '../output.ts';
import { fit, fitRight, shown, widthOf } from './cells.ts';
import type { SourceFigures } from './figures.ts';
import { line, type Line, type Look, span } from './line.ts';
import { listed, panel, type Room } from './panel.ts';
import { momentText, UNKNOWN } from './texts.ts';
import { matchesFilter, type View } from './view.ts';

const looks: Record<SourceState, Look> = { live: 'green', idle: 'dim', late: 'yellow', stalled: 'red' };
/** The worst first: those are to be seen. */
const urgency: Record<SourceState, number> = { stalled: 0, late: 1, live: 2, idle: 3 };

/** Who sends, and whether they still do. */
export function sourcesPanel(view: View, room: Room): Line[] {
  const { sources } = view.figures;
  const body = sources === null ? [line(room.width, span(UNKNOWN, 'dim'))] : rows(view, sources, room);
  return panel(view, room, 'Sources', summary(sources ?? []), body);
}

/** How many are as they should not be. */
function summary(sources: readonly SourceFigures[]): string {
  const states = ['stalled', 'late', 'live'] as const;
  const counts = states.map((state) => [state, sources.filter((source) => source.state === state).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}

function rows(view: View, sources: readonly SourceFigures[], { width, height }: Room): Line[] {
  const wanted = sources
    .filter(({ source }) => matchesFilter(view.filter, source))
    .toSorted(
      (a, b) =>
        (a.state === null ? 0 : urgency[a.state]) - (b.state === null ? 0 : urgency[b.state]) ||
        (b.events ?? 0) - (a.events ?? 0) ||
        (a.source < b.source ? -1 : 1),
    );
  if (wanted.length === 0) {
    return [line(width, span(sources.length === 0 ? 'no sources yet' : 'no source matches the filter', 'dim'))];
  }
  const visible = height - 1;
  const cells = wanted.map((source) => ({
    name: shown(source.source),
    state: source.state,
    stateText: source.state ?? stateless(view),
    last: source.last === null ? '-' : momentText(source.last, view.now),
    events: source.events === null ? '-' : wholeNumber(source.events),
  }));
  const widest = (key: 'last' | 'events' | 'stateText') =>
    Math.max(...cells.slice(0, visible).map((cell) => cell[key].length));
  const [stateWidth, lastWidth, eventsWidth] = [widest('stateText'), widest('last'), widest('events')];
  const longest = Math.max(...cells.slice(0, visible).map(({ name }) => widthOf(name)));
  const nameWidth = Math.max(4, Math.min(longest, width - stateWidth - lastWidth - eventsWidth - 6));
  const lines = cells.map(({ name, state, stateText, last, events }) =>
    line(
      width,
      span(fit(name, nameWidth)),
      span(`  ${fit(stateText, stateWidth)}`, state === null ? 'dim' : looks[state]),
      span(`  ${fitRight(last, lastWidth)}`, 'dim'),
      span(`  ${fitRight(events, eventsWidth)}`, 'bold'),
    ),
  );
  return listed(lines, visible, width, (hidden) => `and ${counted(hidden, 'more source')}`);
}

/** Only a daemon can say how a source is. */
function stateless({ origin }: View): string {
  return origin.state === 'file' ? 'no daemon' : '-';
}
