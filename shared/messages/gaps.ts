import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, finiteNumber, invalid, isAbsent, optionalNumber, text, wholeNumber } from './fields.ts';
import { label } from './origin.ts';
import type { MessageKind } from './message-kind.ts';

/** Events that are known to be missing from the history. */
export interface Gap {
  id: number;
  /** What they have in common, as far as it is known. */
  source: string | null;
  producer: string | null;
  /** How many events; 0 when nobody can tell. */
  count: number;
  /** Between these moments, seconds. */
  since: number;
  until: number;
  /**
   * `missing`: the producer numbered them and they have not come. `rejected: CODE`: the daemon refused them.
   * `lost_after_commit`: they were acknowledged, and the database has them no more. Others come from producers.
   */
  reason: string;
  /** When the daemon found out, seconds. */
  noticed: number;
}

export interface GapsRequest {
  /** Only gaps that reach past this moment, seconds. */
  since?: number;
  /** Only gaps of this source, or of none that is known. */
  source?: string;
  /** Only gaps with an id above this one. */
  afterId: number;
  limit: number;
}

export interface GapsReply {
  /** By id, ascending. */
  gaps: Gap[];
  /** `afterId` of the next page; null when there is nothing more. */
  nextId: number | null;
}

/** One page of what is known to be missing. */
export const gaps: MessageKind<GapsRequest, GapsReply> = {
  kind: 'gaps',

  parseRequest(body) {
    const fields = fieldsOf(body, ['since', 'source', 'afterId', 'limit']);
    const since = optionalNumber(fields, 'since');
    return {
      ...(since !== undefined && { since }),
      ...(!isAbsent(fields['source']) && { source: label(fields, 'source') }),
      afterId: isAbsent(fields['afterId']) ? 0 : wholeNumber(fields, 'afterId', 0, Number.MAX_SAFE_INTEGER),
      limit: isAbsent(fields['limit']) ? 100 : wholeNumber(fields, 'limit', 1, limits.pageRows),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const list = fields['gaps'];
    if (!Array.isArray(list)) throw invalid('gaps must be a list');
    const { nextId } = fields;
    return {
      gaps: list.map(parseGap),
      nextId: isAbsent(nextId) ? null : wholeNumber(fields, 'nextId', 0, Number.MAX_SAFE_INTEGER),
    };
  },
};

function parseGap(value: unknown): Gap {
  const fields = anyFieldsOf(value, 'a gap');
  return {
    id: wholeNumber(fields, 'id', 1, Number.MAX_SAFE_INTEGER),
    source: isAbsent(fields['source']) ? null : text(fields, 'source'),
    producer: isAbsent(fields['producer']) ? null : text(fields, 'producer'),
    count: wholeNumber(fields, 'count', 0, Number.MAX_SAFE_INTEGER),
    since: finiteNumber(fields, 'since'),
    until: finiteNumber(fields, 'until'),
    reason: text(fields, 'reason'),
    noticed: finiteNumber(fields, 'noticed'),
  };
}
