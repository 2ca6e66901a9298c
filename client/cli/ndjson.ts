import { isUtf8 } from 'node:buffer';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

export interface NumberedLine {
  /** From 1. */
  number: number;
  /** Without the line end; undefined when the line is too long to be an event. */
  bytes: Buffer | undefined;
}

const NEWLINE = 0x0a;

/** Cuts a byte stream into lines. A line over the frame limit is counted and passed over, not collected. */
export async function* numberedLines(input: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine, void, undefined> {
  let number = 1;
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, at));
      size += at - from;
      yield { number, bytes: size > limits.frameBytes ? undefined : Buffer.concat(parts) };
      number += 1;
      parts = [];
      size = 0;
      from = at + 1;
    }
    size += chunk.length - from;
    if (size > limits.frameBytes) parts = [];
    else parts.push(chunk.subarray(from));
  }
  if (size > 0) yield { number, bytes: size > limits.frameBytes ? undefined : Buffer.concat(parts) };
}

/**
 * The value of a JSON text; undefined for a blank one. What JSON.parse would change without a word is refused.
 * @param bytes undefined: it was too long to be collected
 * @param what how to name the text in a message
 * @throws DaybookError invalid_utf8, invalid_event, invalid_data, too_large
 */
export function parseJsonBytes(bytes: Buffer | undefined, what: string): unknown {
  if (bytes === undefined) throw new DaybookError('too_large', `${what} is over ${limits.frameBytes} bytes long`);
  if (!isUtf8(bytes)) throw new DaybookError('invalid_utf8', `${what} is not valid UTF-8`);
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') return undefined;
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, refuseInexactIntegers) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof DaybookError) throw cause;
    throw new DaybookError('invalid_event', `${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Only such a text can hold an integer that float64 cannot. */
const LONG_NUMBER = /\d{16}/;

/** A reviver. A large number is written with all its digits: one that comes out as it went in is kept exactly. */
export function refuseInexactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const isInteger = typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source);
  if (isInteger && !Number.isSafeInteger(value) && String(value) !== source) {
    throw new DaybookError('invalid_data', `${source} cannot be kept exactly as a number; write it as text`);
  }
  return value;
}
