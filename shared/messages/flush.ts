import { anyFieldsOf, fieldsOf } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

export type FlushRequest = Record<string, never>;
export type FlushReply = Record<string, never>;

/** Commits everything this connection has sent so far; the reply comes after the receipts of all of it. */
export const flush: MessageKind<FlushRequest, FlushReply> = {
  kind: 'flush',
  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },
  parseReply: (body) => {
    anyFieldsOf(body);
    return {};
  },
};
