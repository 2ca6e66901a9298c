import type { StoredEvent } from '../event.ts';
import { anyFieldsOf, fieldsOf, optionalFlag, optionalText, text } from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';
import { parsePaging } from './paging.ts';
import { parseIds, parsePageEvents } from './query.ts';

export interface SearchRequest {
  /** Words as people type them; see `parseSearchQuery`. */
  query: string;
  filter: EventFilter;
  /** Events wanted, 1..limits.pageRows. The page may be shorter; only `cursor: null` means the end. */
  limit: number;
  /** Where an earlier page of the same search ended. */
  cursor?: string;
  /** Have the events as JSON text, like those of a query. */
  json?: boolean;
}

export interface SearchReply {
  /** By id, the newest arrival first. */
  events: StoredEvent[];
  /** Hand it back for the next page; null when there is nothing more. */
  cursor: string | null;
  /** True when the page is short because its time or size ran out. */
  partial: boolean;
  /** Ids of events that may match and cannot be read: their bytes in the database are damaged. */
  damaged: number[];
}

/** One page of the events that a full-text query finds. */
export const search: MessageKind<SearchRequest, SearchReply> = {
  kind: 'search',
  hasJsonPages: true,

  parseRequest(body) {
    const fields = fieldsOf(body, ['query', 'filter', 'limit', 'cursor', 'json']);
    return {
      query: text(fields, 'query'),
      filter: parseFilter(fields['filter']),
      ...parsePaging(fields),
      ...(optionalFlag(fields, 'json') === true && { json: true }),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      events: parsePageEvents(fields),
      cursor: optionalText(fields, 'cursor') ?? null,
      partial: optionalFlag(fields, 'partial') ?? false,
      damaged: parseIds(fields['damaged']),
    };
  },
};
