import { isDeepStrictEqual } from 'node:util';
import { DaybookError } from '../../../shared/errors.ts';
import type { EventInput } from '../../../shared/event.ts';
import type { Client } from '../../client.ts';
import { numberAfter } from './number-after.ts';

/** The id under which this event is stored; undefined when it is not. */
export async function storedIdOf(client: Client, event: EventInput): Promise<number | undefined> {
  const { type, source, timestamp, action, data } = event;
  if (typeof timestamp !== 'number' || timestamp < 0) return undefined;
  const sent = { action: action ?? undefined, data: asJson(data ?? {}) };
  const atThatInstant = { since: timestamp, until: numberAfter(timestamp), types: [type], sources: [source] };
  try {
    for await (const stored of client.events(atThatInstant)) {
      if (isDeepStrictEqual({ action: stored.action, data: asJson(stored.data) }, sent)) return stored.id;
    }
  } catch (error) {
    // Such an event was refused, too.
    if (!(error instanceof DaybookError) || error.retryable) throw error;
  }
  return undefined;
}

/** As JSON has it: no -0, and plain maps. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
