import { limits } from '../../shared/limits.ts';
import type { Rejection } from '../../shared/messages/record.ts';
import type { EventRow } from '../storage/event-row.ts';
import type { NameTable } from '../storage/name-table.ts';
import { unpackRows } from '../prepare/packed-events.ts';
import type { PreparedEvents, RefusedEvent } from '../prepare/prepare-events.ts';

export interface NamedEvents {
  rows: EventRow[];
  /** In the order of the request. */
  rejected: Rejection[];
  refused: RefusedEvent[];
}

/** The rows of a request; events that would need more names than the dictionary has room for join the refused ones. */
export function nameEvents({ events, rejected, refused }: PreparedEvents, names: NameTable): NamedEvents {
  const { rows, unnamed } = unpackRows(events, names);
  if (unnamed.length === 0) return { rows, rejected, refused };
  const code = 'too_many_names';
  const more = unnamed.map(({ index, kind }) => ({
    index,
    code,
    message: `the database knows ${limits.namesPerKind} different names of this kind (${kind}) already; put what varies into data`,
  }));
  const traces = unnamed.map(({ index, source, timestampSeconds }) => ({ index, code, source, timestampSeconds }));
  const byIndex = (a: { index: number }, b: { index: number }) => a.index - b.index;
  return {
    rows,
    rejected: [...rejected, ...more].toSorted(byIndex),
    refused: [...refused, ...traces].toSorted(byIndex),
  } as NamedEvents;
}
