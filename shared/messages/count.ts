import { anyFieldsOf, fieldsOf, invalid, isAbsent, optionalFlag, optionalText, wholeNumber } from './fields.ts';
import { type EventFilter, parseFilter } from './filter.ts';
import type { MessageKind } from './message-kind.ts';

export const countDimensions = ['type', 'source', 'action', 'hour'] as const;
export type CountDimension = (typeof countDimensions)[number];

export interface CountRequest {
  filter: EventFilter;
  /** What the events are grouped by, each at most once. With nothing, all of them are one group. */
  by: CountDimension[];
  /** Where an earlier reply to the same request ended. */
  cursor?: string;
}

/**
 * One group: its values in the order of `by`, then how many events. An action can be null; an hour is the second since 1970
 * in which it begins, by UTC.
 */
export type CountedGroup = (string | number | null)[];

export interface CountReply {
  /** Groups of the events looked at, those with none left out. Those of the next reply come on top, for the same groups too. */
  groups: CountedGroup[];
  /** Hand it back for the rest; null when everything was looked at. */
  cursor: string | null;
  /** True when there is a rest because time or room ran out. */
  partial: boolean;
  /** Events that might match and cannot be read: their bytes in the database are damaged. They are not counted. */
  damaged: number;
}

/** How many events, by what they have in common. */
export const count: MessageKind<CountRequest, CountReply> = {
  kind: 'count',

  parseRequest(body) {
    const fields = fieldsOf(body, ['filter', 'by', 'cursor']);
    const cursor = optionalText(fields, 'cursor');
    return {
      filter: parseFilter(fields['filter']),
      by: parseDimensions(fields['by']),
      ...(cursor !== undefined && { cursor }),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const groups = fields['groups'];
    if (!Array.isArray(groups)) throw invalid('groups must be a list');
    return {
      groups: groups as CountedGroup[],
      cursor: optionalText(fields, 'cursor') ?? null,
      partial: optionalFlag(fields, 'partial') ?? false,
      damaged: wholeNumber(fields, 'damaged', 0, Number.MAX_SAFE_INTEGER),
    };
  },
};

function parseDimensions(value: unknown): CountDimension[] {
  if (isAbsent(value)) return [];
  const isKnown = (item: unknown) => (countDimensions as readonly unknown[]).includes(item);
  if (!Array.isArray(value) || !value.every(isKnown) || new Set(value).size !== value.length) {
    throw invalid(`by must be a list of ${countDimensions.join(', ')}, each at most once`);
  }
  return value;
}
