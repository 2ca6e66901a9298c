import { anyFieldsOf, fieldsOf, finiteNumber, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** What the events are that the daemon sends itself. */
export const canaryEvent = { type: 'daybook.canary', source: 'daybook' } as const;

/** A canary that came back. */
export interface CanaryReply {
  event_id: number;
  /** From handing the event to the way in to its receipt, milliseconds. */
  commit_ms: number;
  /** From the receipt to having read it back and found it the same, milliseconds. */
  read_ms: number;
  /** When it set out, seconds. */
  at: number;
}

/**
 * Has the daemon send itself an event the way everybody does, and read it back. Within `limits.canaryIntervalMs` the answer
 * is that of the last one.
 */
export const canary: MessageKind<Record<string, never>, CanaryReply> = {
  kind: 'canary',

  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      event_id: wholeNumber(fields, 'event_id', 1, Number.MAX_SAFE_INTEGER),
      commit_ms: finiteNumber(fields, 'commit_ms'),
      read_ms: finiteNumber(fields, 'read_ms'),
      at: finiteNumber(fields, 'at'),
    };
  },
};
