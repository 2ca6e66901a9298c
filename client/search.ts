import type { StoredEvent } from '../shared/event.ts';
import { limits } from '../shared/limits.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import type { SearchReply, SearchRequest } from '../shared/messages/search.ts';
import { reportDamaged } from './query.ts';

/** Which of the events that are found, and how many in all. */
export interface EventSearch extends EventFilter {
  /** Events wanted in all; without it, everything that is found. */
  limit?: number;
  /** Where an earlier search stopped. */
  cursor?: string;
  /** Told about each event that cannot be read. Without it, one ends the search with an error. */
  onDamaged?: (id: number) => void;
}

export type AskSearch = (request: SearchRequest) => Promise<SearchReply>;

/** The pages of a search, one request each. A page may be short or empty; the last one has `cursor: null`. */
export async function* searchPages(
  query: string,
  { limit = Number.POSITIVE_INFINITY, cursor: start, onDamaged: _onDamaged, ...filter }: EventSearch,
  ask: AskSearch,
): AsyncGenerator<SearchReply, void, undefined> {
  let cursor = start;
  let wanted = limit;
  while (wanted > 0) {
    const page = await ask({
      query,
      filter,
      limit: Math.min(wanted, limits.pageRows),
      ...(cursor !== undefined && { cursor }),
    });
    yield page;
    wanted -= page.events.length;
    if (page.cursor === null) return;
    cursor = page.cursor;
  }
}

export async function* searchEvents(
  query: string,
  options: EventSearch,
  ask: AskSearch,
): AsyncGenerator<StoredEvent, void, undefined> {
  for await (const page of searchPages(query, options, ask)) {
    yield* page.events;
    for (const id of page.damaged) reportDamaged(id, options.onDamaged);
  }
}
