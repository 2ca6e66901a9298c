import { DaybookError } from '../shared/errors.ts';
import type {
  CountDimension as WireDimension,
  CountedGroup,
  CountReply,
  CountRequest,
} from '../shared/messages/count.ts';
import type { EventFilter } from '../shared/messages/filter.ts';

export type CountDimension = WireDimension | 'day';

/** Which events, and what to group them by. */
export interface CountQuery extends EventFilter {
  /** Each at most once; without any, all events are one group. */
  by?: readonly CountDimension[];
  /** Told how many events cannot be read, so that nobody knows whether they match. Without it, one is an error. */
  onDamaged?: (events: number) => void;
}

/** How many events have what was asked for in common. */
export interface EventCount {
  type?: string;
  source?: string;
  /** null: events without an action. */
  action?: string | null;
  /** The second since 1970 in which the hour begins: an hour of UTC. */
  hour?: number;
  /**
   * YYYY-MM-DD in the time zone of this process. Made up of hours of UTC: in a zone that is off by half an hour, the hour in
   * which a day begins counts to the day before.
   */
  day?: string;
  count: number;
}

export type AskCount = (request: CountRequest) => Promise<CountReply>;

/** Earliest first, and among those of one time the most frequent first. @throws DaybookError */
export async function countEvents(query: CountQuery, ask: AskCount): Promise<EventCount[]> {
  const { by = [], onDamaged, ...filter } = query;
  const asked = [...new Set(by.map((dimension) => (dimension === 'day' ? 'hour' : dimension)))];
  const sums = new Map<string, EventCount>();
  let damaged = 0;
  let cursor: string | null | undefined;
  do {
    const reply = await ask({ filter, by: asked, ...(typeof cursor === 'string' && { cursor }) });
    for (const group of reply.groups) add(sums, by, countOf(group, asked, by));
    damaged += reply.damaged;
    ({ cursor } = reply);
  } while (cursor !== null);
  if (damaged > 0) {
    if (onDamaged === undefined)
      throw new DaybookError('damaged', `${damaged} events cannot be read: their bytes are damaged`);
    onDamaged(damaged);
  }
  if (by.length === 0 && sums.size === 0) return [{ count: 0 }];
  return [...sums.values()].toSorted(inOrder);
}

function countOf(group: CountedGroup, asked: readonly WireDimension[], by: readonly CountDimension[]): EventCount {
  const values = Object.fromEntries(asked.map((dimension, place) => [dimension, group[place]]));
  const { hour } = values;
  const count: EventCount = { ...values, count: Number(group.at(-1)) };
  if (typeof hour === 'number' && by.includes('day')) count.day = dayOf(hour);
  if (!by.includes('hour')) delete count.hour;
  return count;
}

function add(sums: Map<string, EventCount>, by: readonly CountDimension[], counted: EventCount): void {
  const key = JSON.stringify(by.map((dimension) => counted[dimension]));
  const known = sums.get(key);
  if (known === undefined) sums.set(key, counted);
  else known.count += counted.count;
}

/** The local day of a moment, YYYY-MM-DD. */
export function dayOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function inOrder(a: EventCount, b: EventCount): number {
  return (
    (a.hour ?? 0) - (b.hour ?? 0) ||
    compare(a.day, b.day) ||
    b.count - a.count ||
    compare(a.type, b.type) ||
    compare(a.source, b.source) ||
    compare(a.action ?? undefined, b.action ?? undefined)
  );
}

function compare(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
