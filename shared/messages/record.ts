import { type ErrorCode, isErrorCode } from '../errors.ts';
import { anyFieldsOf, invalid, isAbsent, oneOf, optionalFlag, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import type { Origin } from './origin.ts';

/**
 * What a receipt promises. `committed`: the transaction is in the database, kill -9 of everything does not lose it.
 * `flushed`: the disk was also told to keep it, power loss does not lose it.
 */
export const durabilities = ['committed', 'flushed'] as const;
export type Durability = (typeof durabilities)[number];

/**
 * Body of a record request. The daemon reads it from the bytes, on its writer thread; this type is for clients.
 * `wait: false` allows the daemon to commit together with what follows, after `batch_timeout` at the latest.
 */
export interface RecordRequest {
  durability: Durability;
  wait: boolean;
  /** Only to a daemon with the capability `gaps`. */
  origin?: Origin;
  events: unknown[];
}

export interface Rejection {
  /** Which event of the request, from 0. */
  index: number;
  code: ErrorCode;
  message: string;
}

/** What became of the events of one record request. `stored + duplicate + rejected.length` is their number. */
export interface Receipt {
  stored: number;
  /** Events that were there already; nothing was written for them. */
  duplicate: number;
  rejected: Rejection[];
  /** Ids of the first and last event stored by this request; null when none was. */
  firstId: number | null;
  lastId: number | null;
  level: Durability;
  /** False when the daemon is configured to store nothing. */
  persisted: boolean;
}

export const record: MessageKind<never, Receipt> = {
  kind: 'record',

  parseRequest() {
    throw invalid('record bodies are read from their bytes by the writer');
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const rejected = fields['rejected'];
    if (!Array.isArray(rejected)) throw invalid('rejected must be a list');
    return {
      stored: wholeNumber(fields, 'stored', 0, Number.MAX_SAFE_INTEGER),
      duplicate: wholeNumber(fields, 'duplicate', 0, Number.MAX_SAFE_INTEGER),
      rejected: rejected.map(parseRejection),
      firstId: isAbsent(fields['firstId']) ? null : wholeNumber(fields, 'firstId', 1, Number.MAX_SAFE_INTEGER),
      lastId: isAbsent(fields['lastId']) ? null : wholeNumber(fields, 'lastId', 1, Number.MAX_SAFE_INTEGER),
      level: oneOf(fields, 'level', durabilities),
      persisted: optionalFlag(fields, 'persisted') ?? true,
    };
  },
};

function parseRejection(value: unknown): Rejection {
  const fields = anyFieldsOf(value, 'a rejection');
  const code = fields['code'];
  return {
    index: wholeNumber(fields, 'index', 0, Number.MAX_SAFE_INTEGER),
    code: isErrorCode(code) ? code : 'internal',
    message: text(fields, 'message'),
  };
}
