import { DaybookError } from '../errors.ts';
import { anyFieldsOf, fieldsOf, finiteNumber, invalid, isAbsent, optionalText, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** A regularity that an analyser found. */
export interface StorePatternRequest {
  /** The event it was found at, if it was one event. */
  eventId?: number;
  patternType: string;
  /** 0 to 1. */
  confidence: number;
  /** A JSON document, as text. */
  patternData: string;
  /** Which learner found it. */
  embryoId?: string;
}

export interface StorePatternReply {
  id: number;
}

/** Stores one pattern; the reply comes after COMMIT. Not idempotent: sent twice, it is stored twice. */
export const storePattern: MessageKind<StorePatternRequest, StorePatternReply> = {
  kind: 'store-pattern',

  parseRequest(body) {
    const fields = fieldsOf(body, ['eventId', 'patternType', 'confidence', 'patternData', 'embryoId']);
    const confidence = finiteNumber(fields, 'confidence');
    if (confidence < 0 || confidence > 1) throw invalid('confidence must lie between 0 and 1');
    const patternType = text(fields, 'patternType');
    if (patternType === '') throw invalid('patternType must not be empty');
    const patternData = text(fields, 'patternData');
    try {
      JSON.parse(patternData);
    } catch (cause) {
      throw new DaybookError('invalid_request', 'patternData must be JSON text', { cause });
    }
    const embryoId = optionalText(fields, 'embryoId');
    return {
      patternType,
      confidence,
      patternData,
      ...(!isAbsent(fields['eventId']) && { eventId: wholeNumber(fields, 'eventId', 1, Number.MAX_SAFE_INTEGER) }),
      ...(embryoId !== undefined && { embryoId }),
    };
  },

  parseReply: (body) => ({ id: wholeNumber(anyFieldsOf(body), 'id', 1, Number.MAX_SAFE_INTEGER) }),
};
