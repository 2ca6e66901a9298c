import { limits } from '../limits.ts';
import {
  anyFieldsOf,
  fieldsOf,
  finiteNumber,
  invalid,
  isAbsent,
  oneOf,
  optionalNumber,
  optionalText,
  optionalTexts,
  text,
  wholeNumber,
} from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import { parsePaging } from './paging.ts';
import { type Order, orders } from './query.ts';

/** A regularity that an analyser found, as it is stored. */
export interface Pattern {
  id: number;
  /** The event it was found at; null when it was none in particular. */
  eventId: number | null;
  patternType: string;
  /** 0 to 1. */
  confidence: number;
  /** A JSON document, as text. */
  patternData: string;
  /** Which learner found it. */
  embryoId: string | null;
  /** When it was stored, seconds. */
  created: number;
}

/** All conditions given must hold. */
export interface PatternFilter {
  types?: string[];
  /** At least this confident. */
  minConfidence?: number;
  embryoId?: string;
  eventId?: number;
}

export interface PatternsRequest {
  filter: PatternFilter;
  /** By id. */
  order: Order;
  limit: number;
  /** Where the page before ended. */
  cursor?: string;
}

export interface PatternsReply {
  patterns: Pattern[];
  /** Hand it back for the next page; null when there is nothing more. */
  cursor: string | null;
}

/** One page of patterns. */
export const patterns: MessageKind<PatternsRequest, PatternsReply> = {
  kind: 'patterns',

  parseRequest(body) {
    const fields = fieldsOf(body, ['filter', 'order', 'limit', 'cursor']);
    return {
      filter: parsePatternFilter(fields['filter']),
      order: isAbsent(fields['order']) ? 'desc' : oneOf(fields, 'order', orders),
      ...parsePaging(fields),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const list = fields['patterns'];
    if (!Array.isArray(list)) throw invalid('patterns must be a list');
    return { patterns: list.map(parsePattern), cursor: optionalText(fields, 'cursor') ?? null };
  },
};

function parsePatternFilter(value: unknown): PatternFilter {
  if (isAbsent(value)) return {};
  const fields = fieldsOf(value, ['types', 'minConfidence', 'embryoId', 'eventId'], 'filter');
  const types = optionalTexts(fields, 'types', limits.filterValues);
  const minConfidence = optionalNumber(fields, 'minConfidence');
  const embryoId = optionalText(fields, 'embryoId');
  return {
    ...(types && { types }),
    ...(minConfidence !== undefined && { minConfidence }),
    ...(embryoId !== undefined && { embryoId }),
    ...(!isAbsent(fields['eventId']) && { eventId: wholeNumber(fields, 'eventId', 1, Number.MAX_SAFE_INTEGER) }),
  };
}

function parsePattern(value: unknown): Pattern {
  const fields = anyFieldsOf(value, 'a pattern');
  return {
    id: wholeNumber(fields, 'id', 1, Number.MAX_SAFE_INTEGER),
    eventId: isAbsent(fields['eventId']) ? null : wholeNumber(fields, 'eventId', 1, Number.MAX_SAFE_INTEGER),
    patternType: text(fields, 'patternType'),
    confidence: finiteNumber(fields, 'confidence'),
    patternData: text(fields, 'patternData'),
    embryoId: optionalText(fields, 'embryoId') ?? null,
    created: finiteNumber(fields, 'created'),
  };
}
