import { DaybookError } from './errors.ts';

/** Anything JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An event as a capture process gives it. Two events are the same when all five fields are equal. */
export interface EventInput {
  /** What kind of thing happened: `file_op`, `app`, `browser`. 1..256 bytes. */
  type: string;
  /** Which capture process saw it: `fs`, `apps`. 1..256 bytes. */
  source: string;
  /** When it happened, seconds since 1970. The client stamps it when it is missing. */
  timestamp?: number | undefined;
  /** What happened: `create`, `focus`, `visit`. At most 256 bytes. */
  action?: string | null | undefined;
  /** Everything else. */
  data?: { [key: string]: unknown } | undefined;
}

/** An event as the daemon gives it back. */
export interface StoredEvent {
  /** Grows with every stored event and is never used twice in a database. */
  id: number;
  type: string;
  source: string;
  timestamp: number;
  /** Absent (not null) when the event has none. */
  action?: string;
  data: { [key: string]: Json };
}

/**
 * The event that an object of the older, flat form means: `{type, action, ts, src, ...rest}` is
 * `{type, action, timestamp: ts, source: src, data: rest}`.
 */
export function eventFromFlat(flat: { [key: string]: unknown }): { [key: string]: unknown } {
  const { type, action, ts, src, ...data } = flat;
  return { type, source: src, timestamp: ts, action, data };
}

/**
 * An event in either form. An object with a `ts` or `src` key is flat; every other one is canonical.
 * @throws DaybookError invalid_event when the value is not a map.
 */
export function eventFromEitherForm(value: unknown): { [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DaybookError('invalid_event', 'an event must be a map');
  }
  const map = value as { [key: string]: unknown };
  return Object.hasOwn(map, 'ts') || Object.hasOwn(map, 'src') ? eventFromFlat(map) : map;
}
