import type { StoredEvent } from '../event.ts';
import {
  anyFieldsOf,
  type Fields,
  fieldsOf,
  invalid,
  isAbsent,
  oneOf,
  optionalFlag,
  optionalText,
  wholeNumber,
} from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';
import { parsePaging } from './paging.ts';

export const orders = ['asc', 'desc'] as const;
export type Order = (typeof orders)[number];

export interface QueryRequest {
  filter: EventFilter;
  /** By timestamp, events of one instant by id. */
  order: Order;
  /** Rows wanted, 1..limits.pageRows. The page may be shorter; only `cursor: null` means the end. */
  limit: number;
  /** Where an earlier page of the same filter and order ended. */
  cursor?: string;
  /** Only events with an id up to this one: what was stored later stays out. */
  maxId?: number;
  /** Have the events as the text of one JSON array: the platform reads that several times faster. Capability `json-pages`. */
  json?: boolean;
}

export interface QueryReply {
  events: StoredEvent[];
  /** Hand it back for the next page; null when there is nothing more. */
  cursor: string | null;
  /** True when the page is short because its time or size ran out. */
  partial: boolean;
  /** Ids of events that match and cannot be read: their bytes in the database are damaged. */
  damaged: number[];
  /** Highest id given so far when the page was read; hand it back as `maxId` to keep a listing to one state. */
  newestId: number;
}

/** One page of events. */
export const query: MessageKind<QueryRequest, QueryReply> = {
  kind: 'query',
  hasJsonPages: true,

  parseRequest(body) {
    const fields = fieldsOf(body, ['filter', 'order', 'limit', 'cursor', 'maxId', 'json']);
    return {
      filter: parseFilter(fields['filter']),
      order: isAbsent(fields['order']) ? 'desc' : oneOf(fields, 'order', orders),
      ...parsePaging(fields),
      ...(!isAbsent(fields['maxId']) && { maxId: wholeNumber(fields, 'maxId', 0, Number.MAX_SAFE_INTEGER) }),
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
      newestId: wholeNumber(fields, 'newestId', 0, Number.MAX_SAFE_INTEGER),
    };
  },
};

/** Events as the daemon sends them. The daemon is trusted with the shape of what it stored. */
export function parseEvents(value: unknown): StoredEvent[] {
  if (!Array.isArray(value)) throw invalid('events must be a list');
  return value as StoredEvent[];
}

/** The events of a page, as values or as JSON text. */
export function parsePageEvents(fields: Fields): StoredEvent[] {
  const json = optionalText(fields, 'eventsJson');
  return parseEvents(json === undefined ? fields['events'] : JSON.parse(json));
}

export function parseIds(value: unknown): number[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(Number.isSafeInteger)) throw invalid('damaged must be a list of ids');
  return value;
}
