import { DaybookError } from '../shared/errors.ts';
import type { StoredEvent } from '../shared/event.ts';
import { limits } from '../shared/limits.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import type { Order, QueryReply, QueryRequest } from '../shared/messages/query.ts';

/** Which events, in which order, how many in all. */
export interface EventQuery extends EventFilter {
  /** By timestamp; newest first unless said otherwise. */
  order?: Order;
  /** Events wanted in all; without it, everything that matches. */
  limit?: number;
  /** Where an earlier query with the same filter and order stopped. */
  cursor?: string;
  /** Leave out what is stored after the first page was read. */
  snapshot?: boolean;
  /** Told about each event that matches and cannot be read. Without it, one ends `events()` with an error. */
  onDamaged?: (id: number) => void;
  /** Leave out events with an id above this one. */
  maxId?: number;
}

export type AskPage = (request: QueryRequest) => Promise<QueryReply>;

/** The pages of a query, one request each. A page may be short or empty; the last one has `cursor: null`. */
export async function* queryPages(query: EventQuery, ask: AskPage): AsyncGenerator<QueryReply, void, undefined> {
  const {
    order = 'desc',
    limit = Number.POSITIVE_INFINITY,
    cursor: start,
    snapshot = false,
    maxId: upTo,
    onDamaged: _onDamaged,
    ...filter
  } = query;
  let cursor = start;
  let maxId = upTo;
  let wanted = limit;
  while (wanted > 0) {
    const page = await ask({
      filter,
      order,
      limit: Math.min(wanted, limits.pageRows),
      ...(cursor !== undefined && { cursor }),
      ...(maxId !== undefined && { maxId }),
    });
    yield page;
    wanted -= page.events.length;
    if (page.cursor === null) return;
    cursor = page.cursor;
    if (snapshot) maxId ??= page.newestId;
  }
}

export async function* queryEvents(query: EventQuery, ask: AskPage): AsyncGenerator<StoredEvent, void, undefined> {
  for await (const page of queryPages(query, ask)) {
    yield* page.events;
    for (const id of page.damaged) reportDamaged(id, query.onDamaged);
  }
}

/** @throws DaybookError damaged, when nobody wants to be told */
export function reportDamaged(id: number, onDamaged: ((id: number) => void) | undefined): void {
  if (onDamaged === undefined) throw new DaybookError('damaged', `event ${id} cannot be read: its bytes are damaged`);
  onDamaged(id);
}
