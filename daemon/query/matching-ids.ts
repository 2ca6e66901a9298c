import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { EventPages } from './event-pages.ts';

/** Ids of events that match, in the order of arrival. */
export interface MatchingIds {
  ids: number[];
  /** Go on behind this id; null when every event was looked at. */
  afterId: number | null;
}

/** One page of the events behind `afterId`, up to `upToId`, damaged ones among them: nobody can process those. */
export function matchingIds(pages: EventPages, afterId: number, upToId: number, filter: EventFilter): MatchingIds {
  const { events, damaged, scannedToId, newestId } = pages.arrivals(afterId, filter, limits.pageRows);
  const ids = [...events.map(({ id }) => id), ...damaged].filter((id) => id <= upToId);
  return { ids, afterId: scannedToId < Math.min(upToId, newestId) ? scannedToId : null };
}
