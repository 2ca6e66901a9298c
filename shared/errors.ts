/**
 * Why something was refused. The set is closed and append-only: a code never changes its meaning. `retryable` answers
 * "may the same request succeed later, unchanged?".
 */
export const errorCodes = {
  /* one event of a record request (in receipt.rejected) */
  invalid_event: { retryable: false, meaning: 'the event is not a map, or has a field that events do not have' },
  invalid_type: { retryable: false, meaning: 'type is missing, not text, empty or too long' },
  invalid_source: { retryable: false, meaning: 'source is missing, not text, empty or too long' },
  invalid_action: { retryable: false, meaning: 'action is not text or too long' },
  invalid_timestamp: { retryable: false, meaning: 'timestamp is not a number of seconds in the accepted range' },
  invalid_data: { retryable: false, meaning: 'data is not a map, or holds something JSON cannot keep exactly' },
  invalid_utf8: { retryable: false, meaning: 'a string is not valid UTF-8' },
  too_deep: { retryable: false, meaning: 'maps and arrays are nested too deep' },
  too_large: { retryable: false, meaning: 'the event, request or frame is over its size limit' },
  too_many_values: { retryable: false, meaning: 'the event holds more keys, values and items than are taken' },
  too_many_names: { retryable: false, meaning: 'the database already knows the most distinct names of this kind' },
  forgotten: { retryable: false, meaning: 'the event was forgotten on request, and is not taken again' },
  /* a whole request */
  malformed: { retryable: false, meaning: 'the bytes are not a valid frame or not valid msgpack' },
  invalid_request: { retryable: false, meaning: 'the request lacks a field or has one of the wrong type' },
  invalid_cursor: { retryable: false, meaning: 'the cursor was not made by this database for this order' },
  unknown_kind: { retryable: false, meaning: 'this daemon does not know this kind of request' },
  bad_version: { retryable: false, meaning: 'no protocol version in common' },
  hello_required: { retryable: false, meaning: 'the first frame of a connection must be hello' },
  timeout: { retryable: true, meaning: 'the daemon or the peer did not finish in time' },
  too_many_connections: { retryable: true, meaning: 'the daemon serves the most connections it accepts' },
  too_many_tails: { retryable: false, meaning: 'this connection follows the most tails it may' },
  cursor_in_use: { retryable: true, meaning: 'another tail follows under this name' },
  unknown_cursor: { retryable: false, meaning: 'there is no cursor of this name' },
  too_many_cursors: { retryable: false, meaning: 'the database already has the most named cursors' },
  busy: { retryable: true, meaning: 'a bounded queue is full' },
  shutting_down: { retryable: true, meaning: 'the daemon is going away' },
  storage_error: { retryable: true, meaning: 'the database could not do it; for writes the outcome is unknown' },
  disk_full: { retryable: true, meaning: 'the disk is full: nothing of the request was stored' },
  persistence_disabled: { retryable: false, meaning: 'the daemon is configured to store nothing' },
  internal: { retryable: true, meaning: 'a fault in the daemon' },
  /* found by the client itself */
  not_reachable: { retryable: true, meaning: 'no daemon answers at the socket' },
  connection_lost: { retryable: true, meaning: 'the connection ended before the reply' },
  undelivered: { retryable: true, meaning: 'events were not acknowledged before the client was closed' },
  closed: { retryable: false, meaning: 'the client is closed' },
  damaged: { retryable: false, meaning: 'an event cannot be read, because its bytes in the database are damaged' },
  lost_events: { retryable: false, meaning: 'events were deleted before a tail could deliver them' },
  /* found before anything listens */
  already_running: { retryable: false, meaning: 'another daemon owns this database or socket' },
  path_too_long: { retryable: false, meaning: 'the socket path does not fit into a socket address' },
  unsafe_path: { retryable: false, meaning: 'a file or directory has the wrong kind, owner or mode' },
  invalid_config: { retryable: false, meaning: 'the configuration has an unknown key or a wrong value' },
  newer_schema: { retryable: false, meaning: 'the database was written by a newer daybook' },
  missing_database: { retryable: false, meaning: 'the database is missing, empty or another one than before' },
  damaged_database: { retryable: false, meaning: 'the database is damaged and cannot be set aside or read' },
  foreign_database: { retryable: false, meaning: 'the file is a database of another program' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}

/** A refusal with its code. The message says what is wrong and, where there is one, the cure. */
export class DaybookError extends Error {
  override readonly name = 'DaybookError';
  readonly code: ErrorCode;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;

  /** @param options `retryable` only where the other side said it itself; otherwise the code decides */
  constructor(code: ErrorCode, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
  }
}
