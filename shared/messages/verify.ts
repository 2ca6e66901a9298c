import { anyFieldsOf, fieldsOf, invalid, isAbsent, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

export interface VerifyRequest {
  /** Where the page before ended; 0 for the first one. */
  afterId: number;
}

/** An event that is not what was stored, and why. */
export interface DamagedEvent {
  id: number;
  message: string;
}

/** The search index, held against a sample of events. */
export interface SearchCheck {
  /** Events of the sample. */
  checked: number;
  /** What is wrong with the index, for people; at most 20. */
  wrong: string[];
}

export interface VerifyReply {
  /** Events of this page, by id, ascending; damaged ones among them. */
  checked: number;
  damaged: DamagedEvent[];
  /** `afterId` of the next page; null when this was the last. */
  afterId: number | null;
  /** On the last page: whether the file is built as it must be and its counts agree, or what is wrong with it. */
  structure?: 'ok' | string[];
  /** Absent without an index, and from a daemon that does not look. */
  search?: SearchCheck;
}

/** Checks one page of stored events, and after the last one the file itself. */
export const verify: MessageKind<VerifyRequest, VerifyReply> = {
  kind: 'verify',

  parseRequest(body) {
    const fields = fieldsOf(body, ['afterId']);
    return { afterId: isAbsent(fields['afterId']) ? 0 : wholeNumber(fields, 'afterId', 0, Number.MAX_SAFE_INTEGER) };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const { damaged, afterId, structure, search } = fields;
    if (!Array.isArray(damaged)) throw invalid('damaged must be a list');
    return {
      checked: wholeNumber(fields, 'checked', 0, Number.MAX_SAFE_INTEGER),
      damaged: damaged.map(parseDamaged),
      afterId: isAbsent(afterId) ? null : wholeNumber(fields, 'afterId', 0, Number.MAX_SAFE_INTEGER),
      ...(!isAbsent(structure) && { structure: parseStructure(structure) }),
      ...(!isAbsent(search) && { search: parseSearch(search) }),
    };
  },
};

function parseDamaged(value: unknown): DamagedEvent {
  const fields = anyFieldsOf(value, 'a damaged event');
  return { id: wholeNumber(fields, 'id', 0, Number.MAX_SAFE_INTEGER), message: text(fields, 'message') };
}

function parseSearch(value: unknown): SearchCheck {
  const fields = anyFieldsOf(value, 'search');
  const { wrong } = fields;
  if (!Array.isArray(wrong)) throw invalid('wrong must be a list');
  return { checked: wholeNumber(fields, 'checked', 0, Number.MAX_SAFE_INTEGER), wrong: wrong.map(String) };
}

function parseStructure(value: unknown): 'ok' | string[] {
  if (value === 'ok') return value;
  if (!Array.isArray(value)) throw invalid('structure must be ok, or a list');
  return value.map(String);
}
