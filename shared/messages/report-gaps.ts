import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, finiteNumber, invalid, isAbsent, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import { type CounterRange, label } from './origin.ts';

/** Events that a producer had numbered and will never send, and why. */
export interface ReportedGap extends CounterRange {
  /** The source they have in common. */
  source?: string;
  /** Timestamps of the first and the last of them, seconds. */
  since: number;
  until: number;
  /** In a few words for people and programs: `spool_full`, `buffer_full`, `spool_damaged`. 1 to nameBytes bytes. */
  reason: string;
}

export interface ReportGapsRequest {
  /** 1 to limits.gapsPerReport. */
  gaps: ReportedGap[];
}

/** Tells the daemon what will not come. The reply comes after COMMIT. Safe to repeat. */
export const reportGaps: MessageKind<ReportGapsRequest, Record<string, never>> = {
  kind: 'report-gaps',

  parseRequest(body) {
    const list = fieldsOf(body, ['gaps'])['gaps'];
    if (!Array.isArray(list) || list.length === 0 || list.length > limits.gapsPerReport) {
      throw invalid(`gaps must be a list of 1 to ${limits.gapsPerReport}`);
    }
    return { gaps: list.map(parseGap) };
  },

  parseReply: (body) => {
    anyFieldsOf(body);
    return {};
  },
};

function parseGap(value: unknown): ReportedGap {
  const fields = fieldsOf(value, ['producer', 'epoch', 'from', 'to', 'source', 'since', 'until', 'reason'], 'a gap');
  const from = wholeNumber(fields, 'from', 1, limits.counterMax);
  const since = timestamp(fields, 'since');
  const until = timestamp(fields, 'until');
  return {
    producer: label(fields, 'producer'),
    epoch: label(fields, 'epoch'),
    from,
    to: wholeNumber(fields, 'to', from, limits.counterMax),
    ...(!isAbsent(fields['source']) && { source: label(fields, 'source') }),
    since: Math.min(since, until),
    until: Math.max(since, until),
    reason: label(fields, 'reason'),
  };
}

function timestamp(fields: ReturnType<typeof anyFieldsOf>, name: string): number {
  const value = finiteNumber(fields, name);
  if (value < limits.timestampMinSeconds || value >= limits.timestampMaxSeconds) {
    throw invalid(`${name} must be seconds since 1970`);
  }
  return value;
}
