import { DaybookError } from '../../../shared/errors.ts';
import type { EventInput } from '../../../shared/event.ts';
import { parseJsonBytes } from '../ndjson.ts';
import { type Entry, entryOf } from './entry.ts';
import { type JsonPart, jsonParts } from './json-parts.ts';

interface Bucket {
  type?: string;
  client?: string;
}

/**
 * Reads a bucket export of ActivityWatch, `{"buckets": {id: {type, client, events: [{timestamp, duration, data}]}}}`. An
 * event has the type of its bucket, the bucket's client as its source, and its duration in seconds in `data.duration`.
 * @param readAgain reads the same bytes anew; needed when buckets list their events before their type
 * @throws when it is no such document, or not complete
 */
export async function* activityWatchEntries(
  input: AsyncIterable<Buffer>,
  readAgain: (() => AsyncIterable<Buffer>) | undefined,
): AsyncGenerator<Entry, void, undefined> {
  const buckets = new Map<string, Bucket>();
  let hasBuckets = false;
  const isWanted = (path: readonly string[]) => {
    hasBuckets ||= path[0] === 'buckets';
    return isOfBucket(path) || isEvent(path);
  };
  for await (const part of jsonParts(input, isWanted)) {
    if (isOfBucket(part.path)) {
      learn(buckets, part);
      continue;
    }
    const { number, bytes } = part;
    const id = part.path[1] ?? '';
    if (readAgain !== undefined && !isKnown(buckets.get(id))) {
      for await (const early of jsonParts(readAgain(), isOfBucket)) learn(buckets, early);
    }
    const place = { unit: 'event', number, bucket: id } as const;
    const entry = entryOf(place, bytes?.length ?? 0, () =>
      eventOf(parseJsonBytes(bytes, 'the event'), buckets.get(id) ?? {}, id),
    );
    if (entry !== undefined) yield entry;
  }
  if (!hasBuckets) throw new Error('the document has no buckets');
}

function isOfBucket(path: readonly string[]): boolean {
  return path.length === 3 && path[0] === 'buckets' && (path[2] === 'type' || path[2] === 'client');
}

function isEvent(path: readonly string[]): boolean {
  return path.length === 4 && path[0] === 'buckets' && path[2] === 'events' && path[3] === '*';
}

function learn(buckets: Map<string, Bucket>, { path, bytes }: JsonPart): void {
  const [, id = '', field] = path;
  const value = parseJsonBytes(bytes, `the ${field} of bucket ${id}`);
  if (typeof value === 'string') buckets.set(id, { ...buckets.get(id), [field === 'type' ? 'type' : 'client']: value });
}

function isKnown(bucket: Bucket | undefined): boolean {
  return bucket?.type !== undefined && bucket.client !== undefined;
}

function eventOf(value: unknown, { type, client }: Bucket, id: string): EventInput {
  if (type === undefined) throw new DaybookError('invalid_type', 'its bucket has no type before its events');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DaybookError('invalid_event', 'an event must be a map');
  }
  const { timestamp, duration, data = {} } = value as { [key: string]: unknown };
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new DaybookError('invalid_data', 'data must be a map');
  }
  if (duration !== undefined && typeof duration !== 'number') {
    throw new DaybookError('invalid_data', 'duration must be a number of seconds');
  }
  // Nothing of the data makes way for it.
  const name = Object.hasOwn(data, 'duration') ? 'event_duration' : 'duration';
  return {
    type,
    source: client === undefined || client === '' ? id : client,
    timestamp: secondsOf(timestamp),
    data: { ...data, ...(duration !== undefined && { [name]: duration }) },
  };
}

/** `2026-11-21T09:00:00.123456+00:00`, to the microsecond. Without a zone it is UTC. */
const ISO_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

function secondsOf(timestamp: unknown): number {
  const [, date, time, fraction = '0', zone = 'Z'] = (typeof timestamp === 'string' && ISO_TIME.exec(timestamp)) || [];
  const wholeSeconds = Date.parse(`${date}T${time}${zone}`) / 1000;
  if (Number.isNaN(wholeSeconds)) throw new DaybookError('invalid_timestamp', 'its timestamp is not an ISO 8601 time');
  return wholeSeconds < 0 ? wholeSeconds : Number(`${wholeSeconds}.${fraction}`);
}
