import type { Rejection } from '../../shared/messages/record.ts';
import { hashOf } from '../storage/event-row.ts';
import type { NameTable, NewName } from '../storage/name-table.ts';
import type { Tombstones } from '../storage/tombstones.ts';
import type { NamedEvents } from '../writer/name-events.ts';

/**
 * Takes those out of a request that were forgotten: they are refused, which is no gap, and what they are called is not
 * written down again.
 * @param newFrom the names that had no row before this request
 */
export function refuseForgotten(
  named: NamedEvents,
  tombstones: Tombstones,
  names: NameTable,
  newFrom: number,
): NamedEvents {
  if (tombstones.isEmpty) return named;
  const isForgotten = named.rows.map((row) => tombstones.has(hashOf(row)));
  if (!isForgotten.includes(true)) return named;
  const rows = named.rows.filter((_, row) => isForgotten[row] !== true);
  const ids = {
    type: new Set(rows.map(({ typeId }) => typeId)),
    source: new Set(rows.map(({ sourceId }) => sourceId)),
    action: new Set(rows.map(({ actionId }) => actionId)),
  };
  const isUnused = ({ kind, id }: NewName) => !ids[kind].has(id);
  for (const name of names.unsaved.slice(newFrom).filter(isUnused)) names.withdraw(name);
  const rejected = [...named.rejected, ...rejections(isForgotten, named.rejected)];
  return { ...named, rows, rejected: rejected.toSorted((a, b) => a.index - b.index) };
}

/** Rows are in the order of the request, without those that were refused before. */
function rejections(isForgotten: readonly boolean[], before: readonly Rejection[]): Rejection[] {
  const refused = new Set(before.map(({ index }) => index));
  const found: Rejection[] = [];
  let index = -1;
  for (const isOne of isForgotten) {
    do index += 1;
    while (refused.has(index));
    if (isOne) found.push({ index, code: 'forgotten', message: 'it was forgotten on request, and is not taken again' });
  }
  return found;
}
