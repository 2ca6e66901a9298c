import type { StoredEvent } from '../event.ts';
import { anyFieldsOf, fieldsOf, isAbsent, text, wholeNumber } from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';
import { parseEvents, parseIds } from './query.ts';

/** A place in the order of arrival. Good for the database it names, and for no other. */
export interface TailPosition {
  databaseId: string;
  /** The last event that was seen; 0 is before the first. */
  id: number;
}

export interface TailRequest {
  filter: EventFilter;
  /** Start behind this event. Without it the tail starts with what is committed from now on. */
  after?: TailPosition;
}

export interface TailReply {
  /** Where the tail starts. */
  position: TailPosition;
}

/** Body of an `events` answer: what came after the last position, in the order of arrival. */
export interface TailEvents {
  events: StoredEvent[];
  /** Ids of events that match and cannot be read. */
  damaged: number[];
  position: TailPosition;
}

/** Body of a `reset` answer: events with these ids are no longer there, and the tail goes on behind them. */
export interface TailReset {
  lostFrom: number;
  lostTo: number;
}

/** Follows what is stored, until `tail-stop` or the end of the connection. */
export const tail: MessageKind<TailRequest, TailReply> = {
  kind: 'tail',

  parseRequest(body) {
    const fields = fieldsOf(body, ['filter', 'after']);
    return {
      filter: parseFilter(fields['filter']),
      ...(!isAbsent(fields['after']) && {
        after: parsePosition(fieldsOf(fields['after'], ['databaseId', 'id'], 'after'), 'after'),
      }),
    };
  },

  parseReply: (body) => ({ position: parsePosition(anyFieldsOf(body)['position'], 'position') }),
};

export interface TailStopRequest {
  /** Request id of the tail. */
  tail: number;
}

/** Ends one tail. A tail that is not there is no error. */
export const tailStop: MessageKind<TailStopRequest, Record<string, never>> = {
  kind: 'tail-stop',
  parseRequest: (body) => ({ tail: wholeNumber(fieldsOf(body, ['tail']), 'tail', 0, 2 ** 32 - 1) }),
  parseReply: (body) => {
    anyFieldsOf(body);
    return {};
  },
};

export function parseTailEvents(body: unknown): TailEvents {
  const fields = anyFieldsOf(body);
  return {
    events: parseEvents(fields['events']),
    damaged: parseIds(fields['damaged']),
    position: parsePosition(fields['position'], 'position'),
  };
}

export function parseTailReset(body: unknown): TailReset {
  const fields = anyFieldsOf(body);
  return {
    lostFrom: wholeNumber(fields, 'lostFrom', 0, Number.MAX_SAFE_INTEGER),
    lostTo: wholeNumber(fields, 'lostTo', 0, Number.MAX_SAFE_INTEGER),
  };
}

function parsePosition(value: unknown, what: string): TailPosition {
  const fields = anyFieldsOf(value, what);
  return { databaseId: text(fields, 'databaseId'), id: wholeNumber(fields, 'id', 0, Number.MAX_SAFE_INTEGER) };
}
