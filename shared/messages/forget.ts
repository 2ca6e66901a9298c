import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, invalid, isAbsent, optionalFlag, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** Events and patterns, by their ids in this database. */
export interface ForgetRequest {
  databaseId: string;
  ids: number[];
  patternIds: number[];
}

export interface ForgetReply {
  /** Events that were there, and are not any more. */
  events: number;
  /** The same for patterns, those that were found at one of the events among them. */
  patterns: number;
  /** Types, sources and actions that no event has any more, and that are not written down any more either. */
  names: number;
  /** Traces of what was forgotten are still to be cleared. */
  unfinished: boolean;
}

/** Deletes events and patterns for good, and keeps copies of the events from being stored. Safe to repeat. */
export const forget: MessageKind<ForgetRequest, ForgetReply> = {
  kind: 'forget',

  parseRequest(body) {
    const fields = fieldsOf(body, ['databaseId', 'ids', 'patternIds']);
    const databaseId = text(fields, 'databaseId');
    return { databaseId, ids: idList(fields, 'ids'), patternIds: idList(fields, 'patternIds') };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      events: count(fields, 'events'),
      patterns: count(fields, 'patterns'),
      names: count(fields, 'names'),
      unfinished: optionalFlag(fields, 'unfinished') ?? true,
    };
  },
};

export interface ForgetTracesRequest {
  databaseId: string;
  /** Also what was deleted otherwise: the index is made anew. */
  thorough: boolean;
}

/** Where traces can be left when something is in the way: the full-text index, the write-ahead log, the file itself. */
export const tracePlaces = ['index', 'log', 'file'] as const;
export type TracePlace = (typeof tracePlaces)[number];

export interface ForgetTracesReply {
  /** Names that no event has. */
  names: number;
  /** Bytes of the database, and of the index before, that were written anew or given back. */
  bytesRewritten: number;
  /** Where traces may be left. The next request, or the next start of the daemon, tries again. */
  left: TracePlace[];
}

/** Clears what deleted events leave in the files of the database. Safe to repeat. */
export const forgetTraces: MessageKind<ForgetTracesRequest, ForgetTracesReply> = {
  kind: 'forget-traces',

  parseRequest(body) {
    const fields = fieldsOf(body, ['databaseId', 'thorough']);
    return { databaseId: text(fields, 'databaseId'), thorough: optionalFlag(fields, 'thorough') ?? false };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const left = Array.isArray(fields['left']) ? (fields['left'] as unknown[]) : [];
    return {
      names: count(fields, 'names'),
      bytesRewritten: count(fields, 'bytesRewritten'),
      left: tracePlaces.filter((place) => left.includes(place)),
    };
  },
};

function count(fields: { [name: string]: unknown }, name: string): number {
  return wholeNumber(fields, name, 0, Number.MAX_SAFE_INTEGER);
}

function idList(fields: { [name: string]: unknown }, name: string): number[] {
  const value = fields[name];
  if (isAbsent(value)) return [];
  const isId = (id: unknown) => Number.isSafeInteger(id) && (id as number) >= 1;
  if (!Array.isArray(value) || value.length > limits.idsPerMark || !value.every(isId)) {
    throw invalid(`${name} must be a list of at most ${limits.idsPerMark} ids`);
  }
  return value as number[];
}
