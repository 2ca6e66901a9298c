import { anyFieldsOf, fieldsOf, finiteNumber, invalid, optionalFlag, text, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import { label } from './origin.ts';
import { parsePosition, type TailPosition } from './tail.ts';

/** How far the consumer of this name has come. */
export interface NamedCursor {
  name: string;
  /** The last event that was acknowledged, or passed over. */
  id: number;
  /** When that was, seconds. */
  updated: number;
  /** Whether a tail of this name runs. */
  inUse: boolean;
}

export interface AckCursorRequest {
  name: string;
  /** Everything up to here is done with. A position before the one that is known changes nothing. */
  position: TailPosition;
  /** False: the commit may wait for more. */
  wait: boolean;
}

/** Moves a named cursor on. The reply comes after COMMIT. Safe to repeat. */
export const ackCursor: MessageKind<AckCursorRequest, Record<string, never>> = {
  kind: 'ack-cursor',

  parseRequest(body) {
    const fields = fieldsOf(body, ['name', 'position', 'wait']);
    return {
      name: label(fields, 'name'),
      position: parsePosition(fieldsOf(fields['position'], ['databaseId', 'id'], 'position'), 'position'),
      wait: optionalFlag(fields, 'wait') ?? true,
    };
  },

  parseReply: (body) => {
    anyFieldsOf(body);
    return {};
  },
};

export interface CursorsReply {
  /** By name. */
  cursors: NamedCursor[];
}

/** All named cursors. */
export const cursors: MessageKind<Record<string, never>, CursorsReply> = {
  kind: 'cursors',

  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },

  parseReply(body) {
    const list = anyFieldsOf(body)['cursors'];
    if (!Array.isArray(list)) throw invalid('cursors must be a list');
    return { cursors: list.map(parseCursor) };
  },
};

export interface DeleteCursorRequest {
  name: string;
}

export interface DeleteCursorReply {
  /** False when there was none of this name. */
  deleted: boolean;
}

/** Forgets a named cursor that no tail uses. The reply comes after COMMIT. */
export const deleteCursor: MessageKind<DeleteCursorRequest, DeleteCursorReply> = {
  kind: 'delete-cursor',
  parseRequest: (body) => ({ name: label(fieldsOf(body, ['name']), 'name') }),
  parseReply: (body) => ({ deleted: optionalFlag(anyFieldsOf(body), 'deleted') ?? true }),
};

function parseCursor(value: unknown): NamedCursor {
  const fields = anyFieldsOf(value, 'a cursor');
  return {
    name: text(fields, 'name'),
    id: wholeNumber(fields, 'id', 0, Number.MAX_SAFE_INTEGER),
    updated: finiteNumber(fields, 'updated'),
    inUse: optionalFlag(fields, 'inUse') ?? false,
  };
}
