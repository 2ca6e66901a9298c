import { limits } from '../shared/limits.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import type { MarkProcessedReply } from '../shared/messages/mark-processed.ts';
import type { Order } from '../shared/messages/query.ts';
import type { TailPosition } from '../shared/messages/tail.ts';

/** How much of a listing, and from where. */
export interface Listing {
  /** By id; newest first unless said otherwise. */
  order?: Order;
  /** Wanted in all; without it, everything that matches. */
  limit?: number;
  /** Where an earlier listing with the same order stopped. */
  cursor?: string;
}

/** The pages of a listing, one request each, and where each ended. */
export async function* listingPages<Item>(
  { order = 'desc', limit = Number.POSITIVE_INFINITY, cursor: start }: Listing,
  ask: (page: { order: Order; limit: number; cursor?: string }) => Promise<{ items: Item[]; cursor: string | null }>,
): AsyncGenerator<{ items: Item[]; cursor: string | null }, void, undefined> {
  let cursor = start;
  let wanted = limit;
  while (wanted > 0) {
    const page = await ask({
      order,
      limit: Math.min(wanted, limits.pageRows),
      ...(cursor !== undefined && { cursor }),
    });
    yield page;
    wanted -= page.items.length;
    if (page.cursor === null) return;
    cursor = page.cursor;
  }
}

/** A listing without what was left open. */
export function given(listing: { [name in keyof Listing]: Listing[name] | undefined }): Listing {
  return Object.fromEntries(Object.entries(listing).filter(([, value]) => value !== undefined));
}

/** Which events to mark: these, or all up to a position that match. */
export type EventsToMark = readonly number[] | ({ upTo: TailPosition } & EventFilter);

/** Marks them in requests of bounded size. Returns how many marks have changed. */
export async function markEvents(
  events: EventsToMark,
  processed: boolean,
  ask: (body: object) => Promise<MarkProcessedReply>,
): Promise<number> {
  let marked = 0;
  if (isList(events)) {
    for (let from = 0; from < events.length; from += limits.idsPerMark) {
      marked += (await ask({ ids: events.slice(from, from + limits.idsPerMark), processed })).marked;
    }
    return marked;
  }
  const { upTo, ...filter } = events;
  for (let afterId: number | null = 0; afterId !== null; ) {
    const reply: MarkProcessedReply = await ask({ upTo, filter, afterId, processed });
    marked += reply.marked;
    afterId = reply.afterId;
  }
  return marked;
}

function isList(events: EventsToMark): events is readonly number[] {
  return Array.isArray(events);
}
