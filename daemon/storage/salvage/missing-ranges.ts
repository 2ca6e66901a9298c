import type { Database } from 'better-sqlite3';
import type { KnownEvents } from './known-events.ts';

/** Events that the damaged database had and the new one has not. */
export interface MissingRange {
  fromId: number;
  toId: number;
  /** How many; less than the ids of the range when some of those are kept, or were deleted long before. */
  count: number;
  /** Timestamps of the events that are kept on either side, seconds: about when the missing ones happened. */
  sinceSeconds: number;
  untilSeconds: number;
}

/** Ranges that are told; past that, near ones become one. */
const MAX_RANGES = 1_000;

/**
 * What is missing from `db`, by id, ascending.
 * @param isEveryIdKnown otherwise every id that is not there counts as lost: it could also be one that was deleted
 */
export function missingRanges(
  db: Database,
  known: KnownEvents,
  lastId: number,
  isEveryIdKnown: boolean,
): MissingRange[] {
  const lost = { known, lastId, isEveryIdKnown };
  const ranges = new BoundedRanges();
  const rows = db.prepare<[], Neighbour>('SELECT id, timestamp FROM event ORDER BY id');
  let first: Neighbour | undefined;
  let before: Neighbour | undefined;
  let kept = 0;
  for (const row of rows.iterate()) {
    addHole(ranges, lost, before, row);
    first ??= row;
    before = row;
    kept += 1;
  }
  addHole(ranges, lost, before, undefined);
  return isEveryIdKnown ? ranges.list : withEarliest(ranges.list, lost, first, kept);
}

/** What was counted beyond all that is accounted for was at the beginning, where nobody knows the ids. */
function withEarliest(ranges: MissingRange[], lost: Lost, first: Neighbour | undefined, kept: number): MissingRange[] {
  const missing = ranges.reduce((sum, { count }) => sum + count, 0);
  const next = Math.min(first?.id ?? lost.lastId + 1, ranges[0]?.fromId ?? lost.lastId + 1);
  const count = Math.min((lost.known.count ?? 0) - kept - missing, next - 1);
  if (count <= 0) return ranges;
  const { sinceSeconds } = lost.known;
  const untilSeconds = Math.max(sinceSeconds, first?.timestamp ?? lost.known.untilSeconds);
  return [{ fromId: 1, toId: next - 1, count, sinceSeconds, untilSeconds }, ...ranges];
}

interface Lost {
  known: KnownEvents;
  lastId: number;
  isEveryIdKnown: boolean;
}

interface Neighbour {
  id: number;
  timestamp: number;
}

function addHole(ranges: BoundedRanges, lost: Lost, before: Neighbour | undefined, after: Neighbour | undefined): void {
  const from = (before?.id ?? 0) + 1;
  const to = (after?.id ?? lost.lastId + 1) - 1;
  if (from > to) return;
  const times = [
    before?.timestamp ?? Math.min(lost.known.sinceSeconds, after?.timestamp ?? Number.POSITIVE_INFINITY),
    after?.timestamp ?? Math.max(lost.known.untilSeconds, before?.timestamp ?? 0),
  ];
  // Retention deletes what came first: ids before all that are known may well have been gone.
  const first = before === undefined ? Math.max(from, lost.known.ids.smallest) : from;
  const holes = lost.isEveryIdKnown || first > to ? lost.known.ids.ranges(from, to) : [{ from: first, to }];
  for (const hole of holes) {
    ranges.add({
      fromId: hole.from,
      toId: hole.to,
      count: hole.to - hole.from + 1,
      sinceSeconds: Math.min(...times),
      untilSeconds: Math.max(...times),
    });
  }
}

/** Ranges in ascending order. When they become too many, half of them are made one with the one before: the nearest. */
class BoundedRanges {
  list: MissingRange[] = [];

  add(range: MissingRange): void {
    const last = this.list.at(-1);
    if (last !== undefined && range.fromId === last.toId + 1) extend(last, range);
    else this.list.push(range);
    if (this.list.length > MAX_RANGES) this.#halve();
  }

  #halve(): void {
    const all = this.list;
    const distance = (index: number) => (all[index]?.fromId ?? 0) - (all[index - 1]?.toId ?? 0);
    const followers = all.map((_, index) => index).slice(1);
    const nearest = new Set(followers.toSorted((a, b) => distance(a) - distance(b)).slice(0, all.length / 2));
    this.list = [];
    for (const [index, range] of all.entries()) {
      const last = this.list.at(-1);
      if (last !== undefined && nearest.has(index)) extend(last, range);
      else this.list.push(range);
    }
  }
}

function extend(range: MissingRange, next: MissingRange): void {
  range.toId = next.toId;
  range.count += next.count;
  range.sinceSeconds = Math.min(range.sinceSeconds, next.sinceSeconds);
  range.untilSeconds = Math.max(range.untilSeconds, next.untilSeconds);
}
