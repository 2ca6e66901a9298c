/** What PROTOCOL.md has the daemon answer to a stream, as far as the stream alone decides it. */
import type { ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { PlainFrame, PlainStream } from './reference-frames.ts';
import { NotMsgpack, readValue } from './reference-msgpack.ts';
import { type EventVerdict, judgeRecordBody } from './reference-record.ts';
import { controlKinds } from './seeds.ts';

/** An error with one of these codes, a receipt for these events, a reply, or one or the other. */
export type ExpectedAnswer =
  | { kind: 'error'; codes: ReadonlySet<ErrorCode> }
  | { kind: 'receipt'; events: EventVerdict[]; durability: string }
  | { kind: 'reply' }
  | { kind: 'reply or error' };

export interface ExpectedRequest {
  kind: string;
  requestId: number;
  answer: ExpectedAnswer;
}

export interface Expectation {
  /** Each has exactly one answer, unless the connection ends before. */
  requests: ExpectedRequest[];
  /** How the daemon ends the connection: with an error about the connection, or with the answer to the hello. */
  end: { code: ErrorCode } | 'refused hello' | undefined;
}

export function expectationOf({ frames, bad }: PlainStream): Expectation {
  const [first, ...others] = frames;
  if (first !== undefined && first.kind !== 'hello') return { requests: [], end: { code: 'hello_required' } };
  if (first !== undefined) {
    const answer = answerToHello(first.body);
    const greeting = { kind: 'hello', requestId: first.requestId, answer };
    if (answer.kind === 'error') return { requests: [greeting], end: 'refused hello' };
    return { requests: [greeting, ...others.map(expectedRequest)], end: endOf(bad) };
  }
  return { requests: [], end: endOf(bad) };
}

function endOf(bad: PlainStream['bad']): Expectation['end'] {
  if (bad === undefined) return undefined;
  return { code: bad === 'frame_too_large' ? 'too_large' : 'malformed' };
}

function expectedRequest({ kind, requestId, body }: PlainFrame): ExpectedRequest {
  return { kind, requestId, answer: answerTo(kind, body) };
}

function answerTo(kind: string, body: Buffer): ExpectedAnswer {
  if (kind === 'record') {
    const verdict = judgeRecordBody(body);
    if ('refused' in verdict) return { kind: 'error', codes: verdict.refused };
    return { kind: 'receipt', events: verdict.events, durability: verdict.durability };
  }
  if (kind === 'hello') return error('invalid_request');
  if (!controlKinds.has(kind)) return error('unknown_kind');
  const fields = plainFields(body);
  if (!(fields instanceof Map)) return fields;
  if (!FIELDLESS_KINDS.has(kind)) return { kind: 'reply or error' };
  return fields.size === 0 ? { kind: 'reply' } : error('invalid_request');
}

const FIELDLESS_KINDS: ReadonlySet<string> = new Set(['flush', 'stats', 'status']);
function answerToHello(body: Buffer): ExpectedAnswer {
  const fields = plainFields(body);
  if (!(fields instanceof Map)) return fields;
  const [protocol, client] = [fields.get('protocol'), fields.get('client')];
  if (!(protocol instanceof Map && client instanceof Map)) return error('invalid_request');
  const [min, max, name, pid] = [protocol.get('min'), protocol.get('max'), client.get('name'), client.get('pid')];
  const isSound =
    isWhole(min, 1, 65_535) &&
    isWhole(max, 1, 65_535) &&
    (name === undefined || name === null || typeof name === 'string') &&
    isWhole(pid, 0, 2 ** 32);
  if (!isSound) return error('invalid_request');
  return min === 1 ? { kind: 'reply' } : error('bad_version');
}

/** The fields of a request other than record, or the error that answers it. */
function plainFields(body: Buffer): Map<unknown, unknown> | ExpectedAnswer {
  if (body.length > limits.controlBodyBytes) return error('too_large');
  try {
    const { value, end, faults } = readValue(body, 0, limits.controlNestingDepth);
    if (end !== body.length) return error('malformed');
    return value instanceof Map && faults.size === 0 ? value : error('invalid_request');
  } catch (problem) {
    if (problem instanceof NotMsgpack) return error('malformed');
    throw problem;
  }
}

function error(...codes: ErrorCode[]): ExpectedAnswer {
  return { kind: 'error', codes: new Set(codes) };
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
