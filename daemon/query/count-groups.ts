import type { CountDimension, CountedGroup } from '../../shared/messages/count.ts';
import { hourOf } from '../storage/tallies.ts';
import type { NameReader } from '../storage/name-reader.ts';

/** What an event, or several of the same kind, count under. */
export interface CountedRow {
  hour: number;
  type_id: number;
  source_id: number;
  /** Null and 0 are no action. */
  action_id: number | null;
}

const SECONDS_PER_HOUR = 3_600;
/** What a group adds to a reply besides its names. */
const GROUP_BYTES = 24;

/** Sums counts by the dimensions that were asked for. */
export class CountGroups {
  readonly #names: NameReader;
  readonly #by: readonly CountDimension[];
  readonly #groups = new Map<string | number, { values: CountedGroup; count: number }>();
  /** About what the groups are as JSON text. */
  bytes = 0;

  constructor(names: NameReader, by: readonly CountDimension[]) {
    this.#names = names;
    this.#by = by;
  }

  add(row: CountedRow, count: number): void {
    const key = this.#key(row);
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.count += count;
      return;
    }
    const values = this.#by.map((dimension) => this.#value(row, dimension));
    this.#groups.set(key, { values, count });
    this.bytes += GROUP_BYTES;
    for (const value of values) if (typeof value === 'string') this.bytes += value.length;
  }

  get list(): CountedGroup[] {
    const list: CountedGroup[] = [];
    for (const { values, count } of this.#groups.values()) if (count > 0) list.push([...values, count]);
    return list;
  }

  #key(row: CountedRow): string | number {
    const [first, ...others] = this.#by;
    if (first === undefined) return 0;
    let key: string | number = part(row, first);
    for (const dimension of others) key = `${key} ${part(row, dimension)}`;
    return key;
  }

  #value(row: CountedRow, dimension: CountDimension): string | number | null {
    const id = part(row, dimension);
    if (dimension === 'hour') return id * SECONDS_PER_HOUR;
    return dimension === 'action' && id === 0 ? null : this.#names.text(dimension, id);
  }
}

function part(row: CountedRow, dimension: CountDimension): number {
  switch (dimension) {
    case 'type':
      return row.type_id;
    case 'source':
      return row.source_id;
    case 'action':
      return row.action_id ?? 0;
    case 'hour':
      return row.hour;
    default:
      return dimension satisfies never;
  }
}

/** Stretches of time of which each is counted in one way, in order. */
export type CountPart =
  /** By the rows of the events with a timestamp in [since, until). */
  | { from: 'rows'; since: number; until: number }
  /** By the kept counts of the hours in [firstHour, endHour). */
  | { from: 'hours'; firstHour: number; endHour: number };

/** Whole hours are known; the rest of the first and the last has to be looked at. */
export function countParts(since: number, until: number, hoursTell: boolean): CountPart[] {
  if (!hoursTell) return [{ from: 'rows', since, until }];
  const firstHour = since === Number.NEGATIVE_INFINITY ? since : Math.ceil(since / SECONDS_PER_HOUR);
  const endHour = until === Number.POSITIVE_INFINITY ? until : hourOf(until);
  if (firstHour >= endHour) return [{ from: 'rows', since, until }];
  const parts: CountPart[] = [];
  if (firstHour * SECONDS_PER_HOUR > since) parts.push({ from: 'rows', since, until: firstHour * SECONDS_PER_HOUR });
  parts.push({ from: 'hours', firstHour, endHour });
  if (endHour * SECONDS_PER_HOUR < until) parts.push({ from: 'rows', since: endHour * SECONDS_PER_HOUR, until });
  return parts;
}
