import type { StoredEvent } from '../../shared/event.ts';
import { eventTexts } from '../../shared/search/event-texts.ts';
import { foundRanges, type Range } from '../../shared/search/found-ranges.ts';
import type { SearchQuery } from '../../shared/search/search-query.ts';
import { localTime, paint, plain } from './output.ts';

/** Characters shown before the first find in a value, and of a value in all. */
const LEAD = 30;
const LONGEST = 160;

/** One found event as one line: time, type, action, source, and the values it was found in, the finds emphasised. */
export function foundLine(event: StoredEvent, query: SearchQuery): string {
  const texts = eventTexts(event).filter(({ path }) => path[0] === 'data');
  const found = texts.flatMap(({ path, text }) => {
    const normal = text.normalize('NFC');
    const ranges = foundRanges(query, normal);
    return ranges.length === 0 ? [] : [`${plain(path.slice(1).join('.'))}=${excerpt(normal, ranges)}`];
  });
  // Found by its names, or by what it has not.
  const shown =
    found.length > 0
      ? found
      : texts.slice(0, 3).map(({ path, text }) => `${plain(path.slice(1).join('.'))}=${excerpt(text, [])}`);
  const head = [
    paint('dim', localTime(event.timestamp)),
    paint('cyan', plain(event.type).padEnd(10)),
    plain(event.action ?? '-').padEnd(8),
    plain(event.source).padEnd(10),
  ];
  return `${head.join(' ')} ${shown.join(' ')}\n`;
}

function excerpt(text: string, ranges: readonly Range[]): string {
  const first = ranges[0]?.start ?? 0;
  const from = text.length <= LONGEST ? 0 : Math.max(0, first - LEAD);
  const to = Math.min(text.length, from + LONGEST);
  let shown = from > 0 ? '…' : '';
  let at = from;
  for (const { start, end } of ranges) {
    if (start >= to) break;
    shown += plain(text.slice(at, start)) + paint('bold', paint('yellow', plain(text.slice(start, Math.min(end, to)))));
    at = Math.min(end, to);
  }
  return `${shown}${plain(text.slice(at, to))}${to < text.length ? '…' : ''}`;
}
