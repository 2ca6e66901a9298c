import { DaybookError } from '../shared/errors.ts';
import type { EncodedEvents } from './encoded-events.ts';

/** Encoded events with consecutive numbers that will share a frame. */
export interface Batch {
  /** The number of the first event. */
  first: number;
  events: EncodedEvents;
  /** How many of them, from the front, the spool has taken as well. */
  saved: number;
  /** How many of those, from the front, the spool has given up since, while the frame was under way. */
  bared: number;
  /** The daemon may not hold it back: it has been waited for already. */
  isUrgent: boolean;
}

/** What one frame may carry. */
export interface FrameLimits {
  events: number;
  bytes: number;
}

/** From here on a frame leaves instead of growing. */
const EVENTS_PER_FRAME = 500;
const BYTES_PER_FRAME = 256 * 1024;

/** What a frame holds besides its events. */
const FRAME_OVERHEAD_BYTES = 2_048;

/** What the frames of a connection may carry. */
export function frameLimitsOf({
  eventsPerFrame,
  frameBytes,
}: {
  eventsPerFrame: number;
  frameBytes: number;
}): FrameLimits {
  return { events: eventsPerFrame, bytes: Math.max(frameBytes - FRAME_OVERHEAD_BYTES, 1) };
}

/** Why an event cannot be in any frame. */
export function tooLarge(bytes: number, limits: FrameLimits): DaybookError {
  return new DaybookError('too_large', `the event has ${bytes} bytes; this daemon takes ${limits.bytes}`);
}

export function newBatch(first: number, events: EncodedEvents): Batch {
  return { first, events, saved: 0, bared: 0, isUrgent: false };
}

/** Whether so many events with so many bytes are as much as a frame should carry. */
export function isFull(count: number, bytes: number): boolean {
  return count >= EVENTS_PER_FRAME || bytes >= BYTES_PER_FRAME;
}

export function lastOf(batch: Batch): number {
  return batch.first + batch.events.count - 1;
}

/** Bytes that are nowhere but in memory. */
export function unsavedBytes({ events, saved, bared }: Batch): number {
  return events.startOf(bared) + events.bytes.length - events.startOf(saved);
}

/** Keeps in the batch what one frame may carry, one event at least. Returns the rest, if there is one. */
export function cut(batch: Batch, limits: FrameLimits): Batch | undefined {
  const { events } = batch;
  if (events.count <= limits.events && events.bytes.length <= limits.bytes) return undefined;
  let count = 1;
  while (count < Math.min(events.count, limits.events) && events.startOf(count + 1) <= limits.bytes) count += 1;
  if (count === events.count) return undefined;
  const rest: Batch = {
    first: batch.first + count,
    events: events.slice(count),
    saved: Math.max(batch.saved - count, 0),
    bared: 0,
    isUrgent: batch.isUrgent,
  };
  batch.events = events.slice(0, count);
  batch.saved = Math.min(batch.saved, count);
  return rest;
}

/** Takes the first events out of the batch and returns them. */
export function dropFirst(batch: Batch, count: number): EncodedEvents {
  const dropped = batch.events.slice(0, count);
  batch.first += count;
  batch.events = batch.events.slice(count);
  batch.saved = Math.max(batch.saved - count, 0);
  return dropped;
}
