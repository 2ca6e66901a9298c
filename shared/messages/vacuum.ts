import { anyFieldsOf, fieldsOf, finiteNumber, optionalFlag, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

export interface VacuumRequest {
  /** Write the whole file anew, compactly. Nothing is stored meanwhile. */
  full: boolean;
}

export interface VacuumReply {
  /** Given back to the file system. */
  freed_bytes: number;
  /** How long nothing was stored; 0 unless `full`. */
  blocked_seconds: number;
}

/** Gives free pages of the database back to the file system. */
export const vacuum: MessageKind<VacuumRequest, VacuumReply> = {
  kind: 'vacuum',

  parseRequest(body) {
    return { full: optionalFlag(fieldsOf(body, ['full']), 'full') ?? false };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    return {
      freed_bytes: wholeNumber(fields, 'freed_bytes', 0, Number.MAX_SAFE_INTEGER),
      blocked_seconds: finiteNumber(fields, 'blocked_seconds'),
    };
  },
};
