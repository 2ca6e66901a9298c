import { UsageError } from '../exit.ts';
import { type Column, commonColumns } from './column.ts';
import type { EventPages } from './formats.ts';

/** More columns than that are no table any more. */
const MOST_COLUMNS = 1_000;

/**
 * The columns of a table with all that these events hold: what every event has, then the keys of their data, in the order
 * in which they turn up. Maps and lists inside are values.
 * @throws UsageError when there are over 1,000
 */
export async function discoverColumns(pages: EventPages): Promise<Column[]> {
  const keys = new Set<string>();
  for await (const events of pages) {
    for (const { data } of events) for (const key of Object.keys(data)) keys.add(key);
    if (keys.size + commonColumns.length > MOST_COLUMNS) {
      throw new UsageError(`these events have over ${MOST_COLUMNS} different keys: say which you want with --columns`);
    }
  }
  return [...commonColumns, ...[...keys].map((key): Column => ['data', key])];
}
