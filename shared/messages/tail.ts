import type { StoredEvent } from '../event.ts';
import { anyFieldsOf, fieldsOf, isAbsent, optionalFlag, text, wholeNumber } from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';
import { label } from './origin.ts';
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
  /** Start behind what was acknowledged under this name, or behind `after` if that is further on. */
  cursorName?: string;
  /** Say how far the tail has come also when nothing matches. */
  progress?: boolean;
}

export interface TailReply {
  /** Where the tail starts. */
  position: TailPosition;
  /** Highest id stored then; absent from a daemon that does not say. */
  newestId?: number;
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
    const fields = fieldsOf(body, ['filter', 'after', 'cursorName', 'progress']);
    const progress = optionalFlag(fields, 'progress');
    return {
      filter: parseFilter(fields['filter']),
      ...(!isAbsent(fields['after']) && {
        after: parsePosition(fieldsOf(fields['after'], ['databaseId', 'id'], 'after'), 'after'),
      }),
      ...(!isAbsent(fields['cursorName']) && { cursorName: label(fields, 'cursorName') }),
      ...(progress !== undefined && { progress }),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      position: parsePosition(fields['position'], 'position'),
      ...(!isAbsent(fields['newestId']) && { newestId: wholeNumber(fields, 'newestId', 0, Number.MAX_SAFE_INTEGER) }),
    };
  },
};

export interface TailStopRequest {
  /** Request id of the tail. */
  tail: number;
  /** The connection will go on with the cursor of this name: nobody else gets it meanwhile. */
  keepCursor?: boolean;
}

/** Ends one tail. A tail that is not there is no error. */
export const tailStop: MessageKind<TailStopRequest, Record<string, never>> = {
  kind: 'tail-stop',
  parseRequest(body) {
    const fields = fieldsOf(body, ['tail', 'keepCursor']);
    const keepCursor = optionalFlag(fields, 'keepCursor');
    return {
      tail: wholeNumber(fields, 'tail', 0, 2 ** 32 - 1),
      ...(keepCursor !== undefined && { keepCursor }),
    };
  },
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

/** Body of a `progress` answer. */
export function parseTailProgress(body: unknown): TailPosition {
  return parsePosition(anyFieldsOf(body)['position'], 'position');
}

export function parseTailReset(body: unknown): TailReset {
  const fields = anyFieldsOf(body);
  return {
    lostFrom: wholeNumber(fields, 'lostFrom', 0, Number.MAX_SAFE_INTEGER),
    lostTo: wholeNumber(fields, 'lostTo', 0, Number.MAX_SAFE_INTEGER),
  };
}

/** @throws DaybookError invalid_request */
export function parsePosition(value: unknown, what: string): TailPosition {
  const fields = anyFieldsOf(value, what);
  return { databaseId: text(fields, 'databaseId'), id: wholeNumber(fields, 'id', 0, Number.MAX_SAFE_INTEGER) };
}
