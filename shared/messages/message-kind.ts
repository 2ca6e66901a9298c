/**
 * One kind of request, declared once: its name on the wire, how a daemon reads the request and how a client reads the
 * reply. Both readers throw DaybookError invalid_request.
 */
export interface MessageKind<Request, Reply> {
  readonly kind: string;
  /** Whether it can have the events of its reply as JSON text, from a daemon with the capability `json-pages`. */
  readonly hasJsonPages?: true;
  parseRequest(body: unknown): Request;
  parseReply(body: unknown): Reply;
}

/** Frames that answer a request; the request id is that of the request. */
export const answerKinds = {
  /** The request was done; the body is its reply. */
  reply: 'reply',
  /** The request was refused; the body is an `ErrorBody`. */
  error: 'error',
  /** More of a tail; the body is a `TailEvents`. */
  events: 'events',
  /** A tail lost its place; the body is a `TailReset`. */
  reset: 'reset',
  /** A tail has looked at everything up to here; only for one that asked. The body has a `position`. */
  progress: 'progress',
} as const;
