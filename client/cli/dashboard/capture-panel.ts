import { bytesText, wholeNumber } from '../output.ts';
import { perCell, sparkline } from './curve.ts';
import { type CaptureFigures, MINUTES, type MinuteFigures } from './figures.ts';
import { edges, line, type Line, span } from './line.ts';
import { labelled, panel, type Room } from './panel.ts';
import { momentText, rateText, UNKNOWN } from './texts.ts';
import type { View } from './view.ts';

const LABEL = 12;

/** How much there is, and how it came in the last hour. */
export function capturePanel(view: View, room: Room): Line[] {
  return panel(view, room, 'Capture', '', [...figures(view, room.width), ...lastHour(view, room.width)]);
}

function figures(view: View, width: number): Line[] {
  const { capture, minutes } = view.figures;
  const row = (label: string, ...values: (string | null | undefined)[]) =>
    labelled(width, label.padEnd(LABEL), values, UNKNOWN);
  const moment = (seconds: number | null | undefined) =>
    typeof seconds === 'number' ? momentText(seconds, view.now) : undefined;
  if (capture === null)
    return ['events', `last ${MINUTES} min`, 'size', 'from', 'since start'].map((label) => row(label));
  const { events, size_bytes: bytes, stored } = capture;
  const from = moment(capture.oldest);
  return [
    row('events', wholeNumber(events)),
    row(`last ${MINUTES} min`, minutes && sumText(minutes)),
    row('size', bytesText(bytes), events > 0 ? `${wholeNumber(bytes / events)} B/event` : null),
    row('from', from === undefined ? 'no events yet' : `${from} to ${moment(capture.newest)}`),
    stored === null
      ? labelled(width, 'since start'.padEnd(LABEL), [], 'no daemon')
      : row('since start', ...sinceStart(capture)),
  ];
}

/** What has become of the events that this daemon was sent. */
function sinceStart({ stored, duplicate, rejected }: CaptureFigures): string[] {
  return [wholeNumber(stored ?? 0), `${wholeNumber(duplicate ?? 0)} twice`, `${wholeNumber(rejected ?? 0)} refused`];
}

/** The curve, and under it when it begins and how high it goes. */
function lastHour(view: View, width: number): Line[] {
  const { minutes } = view.figures;
  if (minutes === null) return [[], []];
  const size = perCell(minutes.events.length, width);
  const cells = Math.ceil(minutes.events.length / size);
  const most = Math.max(0, ...minutes.events.map((events) => events ?? 0));
  const from = momentText(minutes.since, view.now).slice(-8, -3);
  return [
    line(width, span(sparkline(minutes.events, width, view.charset), 'cyan')),
    between(cells, from, peak(most, cells - from.length - 'now'.length - 2), 'now'),
  ];
}

/** How high the curve goes, in as many words as there is room for. */
function peak(most: number, width: number): string {
  if (most === 0) return 'nothing came';
  const perMinute = `most ${wholeNumber(most)} a minute`;
  const withRate = `${perMinute}, ${rateText(most / 60)}/s`;
  return withRate.length <= width ? withRate : perMinute;
}

function between(width: number, left: string, middle: string, right: string): Line {
  const blanks = Math.max(1, Math.floor((width - left.length - middle.length - right.length) / 2));
  return edges(width, [span(`${left}${' '.repeat(blanks)}${middle}`, 'dim')], [span(right, 'dim')]);
}

function sumText({ events }: MinuteFigures): string {
  const known = events.filter((count) => count !== null);
  const sum = wholeNumber(known.reduce((total, count) => total + count, 0));
  return known.length === events.length ? sum : `${sum} so far`;
}
