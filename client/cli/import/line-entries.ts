import type { EventInput } from '../../../shared/event.ts';
import { numberedLines, parseJsonBytes } from '../ndjson.ts';
import { type Entry, entryOf } from './entry.ts';

/** Reads NDJSON, one event a line; blank lines are nothing. */
export async function* lineEntries(
  input: AsyncIterable<Buffer>,
  eventFrom: (value: unknown) => EventInput,
): AsyncGenerator<Entry, void, undefined> {
  for await (const { number, bytes } of numberedLines(input)) {
    const entry = entryOf({ unit: 'line', number }, bytes?.length ?? 0, () => {
      const value = parseJsonBytes(bytes, 'the line');
      return value === undefined ? undefined : eventFrom(value);
    });
    if (entry !== undefined) yield entry;
  }
}
