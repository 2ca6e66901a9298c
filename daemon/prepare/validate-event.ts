import type { ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { problemRefusal, type RawEvent } from './raw-event.ts';

export interface ValidEvent {
  type: string;
  source: string;
  action: string | null;
  timestamp: number;
  data: { [key: string]: unknown };
}

/** Why an event is refused: a code, and what is wrong with it in words. */
export interface Refusal {
  code: ErrorCode;
  message: string;
}

const FIELDS = 'type, source, timestamp, action and data';

/**
 * Decides about one event. It never changes one: what cannot be kept exactly is refused.
 * @param nowSeconds timestamp of an event that came without one
 */
export function validateEvent(raw: RawEvent, nowSeconds: number): ValidEvent | Refusal {
  if (raw.sizeBytes > limits.eventBytes) {
    return refuse('too_large', `the event has ${raw.sizeBytes} bytes; at most ${limits.eventBytes} are kept`);
  }
  if (raw.values > limits.valuesPerEvent) {
    const reason = `the event holds ${raw.values} values; at most ${limits.valuesPerEvent} are kept: send it as several`;
    return refuse('too_many_values', reason);
  }
  const event = raw.value;
  if (event === undefined) return problemRefusal(raw.problem) ?? refuse('invalid_event', 'an event must be a map');
  if (typeof event !== 'object' || event === null || Array.isArray(event) || Buffer.isBuffer(event)) {
    return refuse('invalid_event', 'an event must be a map');
  }

  let type: unknown;
  let source: unknown;
  let timestamp: unknown = nowSeconds;
  let action: unknown = null;
  let data: unknown = {};
  for (const key in event) {
    const value = (event as { [key: string]: unknown })[key];
    switch (key) {
      case 'type':
        type = value;
        break;
      case 'source':
        source = value;
        break;
      case 'timestamp':
        timestamp = value ?? nowSeconds;
        break;
      case 'action':
        action = value;
        break;
      case 'data':
        data = value ?? {};
        break;
      default:
        return refuse(
          'invalid_event',
          `unknown field ${quote(key)}: an event has ${FIELDS}; the rest belongs into data`,
        );
    }
  }

  if (!isName(type, 1)) return refuse('invalid_type', nameProblem('type', type));
  if (!isName(source, 1)) return refuse('invalid_source', nameProblem('source', source));
  if (!isTimestamp(timestamp)) {
    return refuse('invalid_timestamp', timestampProblem(timestamp));
  }
  if (action !== null && !isName(action, 0)) return refuse('invalid_action', nameProblem('action', action));
  if (typeof data !== 'object' || data === null || Array.isArray(data) || Buffer.isBuffer(data)) {
    return refuse('invalid_data', 'data must be a map');
  }
  const problem = problemRefusal(raw.problem);
  if (problem !== undefined) return problem;
  return { type, source, action, timestamp, data: data as { [key: string]: unknown } };
}

export function isRefusal(outcome: object): outcome is Refusal {
  return 'code' in outcome;
}

function refuse(code: ErrorCode, message: string): Refusal {
  return { code, message };
}

/** UTF-16 code units never outnumber UTF-8 bytes, and make at least a third of them: most names need no counting. */
export function isName(value: unknown, minBytes: number): value is string {
  if (typeof value !== 'string' || value.length < minBytes || value.length > limits.nameBytes) return false;
  return value.length * 3 <= limits.nameBytes || Buffer.byteLength(value) <= limits.nameBytes;
}

export function isTimestamp(value: unknown): value is number {
  return typeof value === 'number' && value >= limits.timestampMinSeconds && value < limits.timestampMaxSeconds;
}

function nameProblem(field: string, value: unknown): string {
  if (value === undefined) return `${field} is missing`;
  if (typeof value !== 'string') return `${field} must be text`;
  if (value === '') return `${field} must not be empty`;
  return `${field} has ${Buffer.byteLength(value)} bytes; at most ${limits.nameBytes} are kept`;
}

function timestampProblem(value: unknown): string {
  const range = `a number of seconds since 1970, from ${limits.timestampMinSeconds} to before the year 10000`;
  if (typeof value === 'number' && value >= limits.timestampMaxSeconds && value < limits.timestampMaxSeconds * 1000) {
    return `timestamp must be ${range}; this looks like milliseconds`;
  }
  return `timestamp must be ${range}`;
}

/** A name of the sender's choosing, short enough for a message. */
function quote(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key);
}
