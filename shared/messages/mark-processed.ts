import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, invalid, isAbsent, optionalFlag, wholeNumber } from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';
import { parsePosition, type TailPosition } from './tail.ts';

/** Which events to mark: these, or a part of all that match up to a position. */
export type MarkProcessedRequest = { processed: boolean } & (
  | { ids: number[] }
  | { upTo: TailPosition; filter: EventFilter; afterId: number }
);

export interface MarkProcessedReply {
  /** Events whose mark has changed. */
  marked: number;
  /** `afterId` of the request that goes on; null when all are done. */
  afterId: number | null;
}

/** Says which events a consumer is done with. The reply comes after COMMIT. Safe to repeat. */
export const markProcessed: MessageKind<MarkProcessedRequest, MarkProcessedReply> = {
  kind: 'mark-processed',

  parseRequest(body) {
    const fields = fieldsOf(body, ['ids', 'upTo', 'filter', 'afterId', 'processed']);
    const processed = optionalFlag(fields, 'processed') ?? true;
    if (isAbsent(fields['ids']) === isAbsent(fields['upTo'])) throw invalid('give either ids or upTo');
    if (isAbsent(fields['upTo'])) {
      if (!isAbsent(fields['filter']) || !isAbsent(fields['afterId']))
        throw invalid('ids go without filter and afterId');
      return { processed, ids: parseIdList(fields['ids']) };
    }
    return {
      processed,
      upTo: parsePosition(fieldsOf(fields['upTo'], ['databaseId', 'id'], 'upTo'), 'upTo'),
      filter: parseFilter(fields['filter']),
      afterId: isAbsent(fields['afterId']) ? 0 : wholeNumber(fields, 'afterId', 0, Number.MAX_SAFE_INTEGER),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      marked: wholeNumber(fields, 'marked', 0, Number.MAX_SAFE_INTEGER),
      afterId: isAbsent(fields['afterId']) ? null : wholeNumber(fields, 'afterId', 0, Number.MAX_SAFE_INTEGER),
    };
  },
};

function parseIdList(value: unknown): number[] {
  const isId = (id: unknown) => Number.isSafeInteger(id) && (id as number) >= 1;
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.idsPerMark || !value.every(isId)) {
    throw invalid(`ids must be a list of 1 to ${limits.idsPerMark} ids`);
  }
  return value as number[];
}
