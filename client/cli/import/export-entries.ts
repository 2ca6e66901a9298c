import { parseJsonBytes } from '../ndjson.ts';
import { type Entry, entryOf } from './entry.ts';
import { importedEvent } from './imported-event.ts';
import { jsonParts } from './json-parts.ts';

/**
 * Reads the one document of `daybook export --format json`, or a bare list of events, event by event.
 * @throws when it is no such document, not complete, or holds another number of events than it says
 */
export async function* exportEntries(input: AsyncIterable<Buffer>): AsyncGenerator<Entry, void, undefined> {
  let count = 0;
  let total: unknown;
  let hasEvents = false;
  const isWanted = (path: readonly string[]) => {
    const [first, second] = path;
    hasEvents ||= first === 'events' || first === '*';
    return path.length === 1
      ? first === '*' || first === 'total_events'
      : path.length === 2 && second === '*' && first === 'events';
  };
  for await (const { path, number, bytes } of jsonParts(input, isWanted)) {
    if (path[0] === 'total_events') {
      total = parseJsonBytes(bytes, 'total_events');
      continue;
    }
    count = number;
    const place = { unit: 'event', number } as const;
    const entry = entryOf(place, bytes?.length ?? 0, () => importedEvent(parseJsonBytes(bytes, 'the event')));
    if (entry !== undefined) yield entry;
  }
  if (!hasEvents) throw new Error('the document has no list of events');
  if (total !== undefined && total !== count) {
    throw new Error(`the document says it holds ${JSON.stringify(total)} events, and there are ${count}`);
  }
}
