import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, invalid, text, wholeNumber } from './fields.ts';

/**
 * Where events come from, for finding holes: a producer numbers its events from 1 on, without leaving a number out, for
 * as long as its epoch lasts. A process starts a new epoch; what a spool brings back keeps its old one.
 */
export interface Origin {
  /** Whose events they are: the name of the client that recorded them, 1 to nameBytes bytes. */
  producer: string;
  /** One life of the producer, unlike every other: 1 to nameBytes bytes. */
  epoch: string;
  /** The number of the first event; the others follow. */
  first: number;
}

/** Counters that stand for events that will never come, or have not come yet. Both ends inclusive. */
export interface CounterRange {
  producer: string;
  epoch: string;
  from: number;
  to: number;
}

/** @throws DaybookError invalid_request */
export function parseOrigin(value: unknown): Origin {
  const fields = fieldsOf(value, ['producer', 'epoch', 'first'], 'origin');
  return {
    producer: label(fields, 'producer'),
    epoch: label(fields, 'epoch'),
    first: wholeNumber(fields, 'first', 1, limits.counterMax),
  };
}

/** Text of 1 to nameBytes bytes. @throws DaybookError invalid_request */
export function label(fields: ReturnType<typeof anyFieldsOf>, name: string): string {
  const value = text(fields, name);
  if (value === '' || Buffer.byteLength(value) > limits.nameBytes || !value.isWellFormed()) {
    throw invalid(`${name} must be text of 1 to ${limits.nameBytes} bytes`);
  }
  return value;
}
