import type { StoredEvent } from '../../index.ts';
import { cut, fit, shown, widthOf } from './cells.ts';
import { line, type Line, span } from './line.ts';
import { panel, type Room } from './panel.ts';
import { momentText, UNKNOWN } from './texts.ts';
import { matchesFilter, type View } from './view.ts';

/** Characters of a value that are looked at: more than a line shows, far fewer than an event can hold. */
const LOOKED_AT = 400;

/** What has just happened, the newest first. */
export function latestPanel(view: View, room: Room): Line[] {
  const { latest } = view.figures;
  const body = latest === null ? [line(room.width, span(UNKNOWN, 'dim'))] : rows(view, latest, room);
  return panel(view, room, 'Latest events', '', body);
}

function rows(view: View, latest: readonly StoredEvent[], { width, height }: Room): Line[] {
  const matching = latest.filter(({ type, source }) => matchesFilter(view.filter, type, source));
  const events = matching.slice(0, height - 1);
  if (events.length === 0) return [line(width, span(nothing(view), 'dim'))];
  const cells = events.map((event) => ({
    time: momentText(event.timestamp, view.now),
    type: shown(event.type),
    action: event.action === undefined ? '-' : shown(event.action),
    source: shown(event.source),
    event,
  }));
  const widest = (key: 'time' | 'type' | 'action' | 'source', most: number) =>
    Math.min(most, Math.max(...cells.map((cell) => widthOf(cell[key]))));
  const most = Math.max(8, Math.floor(width * 0.16));
  const timeWidth = widest('time', 11);
  const [typeWidth, actionWidth, sourceWidth] = [widest('type', most), widest('action', most), widest('source', most)];
  const head = timeWidth + typeWidth + actionWidth + sourceWidth + 4;
  return cells.map(({ time, type, action, source, event }) =>
    line(
      width,
      span(`${fit(time, timeWidth)} `, 'dim'),
      span(`${fit(type, typeWidth)} `, 'cyan'),
      span(`${fit(action, actionWidth)} ${fit(source, sourceWidth)} `),
      span(summary(event, width - head), 'dim'),
    ),
  );
}

/** As many of its values as there is room for. */
function summary({ data }: StoredEvent, width: number): string {
  let text = '';
  for (const [key, value] of Object.entries(data)) {
    const valueText = typeof value === 'string' ? value : brief(value);
    text += `${text === '' ? '' : ' '}${shown(key.slice(0, LOOKED_AT))}=${shown(valueText.slice(0, LOOKED_AT))}`;
    if (text.length > LOOKED_AT) break;
  }
  return cut(text, Math.max(0, width));
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.length}]`;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : '{…}';
  return JSON.stringify(value);
}

function nothing({ origin, filter }: View): string {
  if (filter !== '') return 'nothing matches the filter';
  return origin.state === 'file' ? 'no events' : 'no events yet; try: daybook send note --source me text=hello';
}
