import { DaybookError } from '../shared/errors.ts';

/** Encoded events with consecutive numbers that will share a frame. */
export interface Batch {
  /** The number of the first event. */
  first: number;
  events: Buffer[];
  bytes: number;
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

export function newBatch(first: number): Batch {
  return { first, events: [], bytes: 0, saved: 0, bared: 0, isUrgent: false };
}

export function isFull(batch: Batch): boolean {
  return batch.events.length >= EVENTS_PER_FRAME || batch.bytes >= BYTES_PER_FRAME;
}

export function lastOf(batch: Batch): number {
  return batch.first + batch.events.length - 1;
}

/** Bytes that are nowhere but in memory. */
export function unsavedBytes({ events, bytes, saved, bared }: Batch): number {
  if (saved === 0) return bytes;
  return sumOf(events.slice(0, bared)) + sumOf(events.slice(saved));
}

/** Keeps in the batch what one frame may carry, one event at least. Returns the rest, if there is one. */
export function cut(batch: Batch, limits: FrameLimits): Batch | undefined {
  if (batch.events.length <= limits.events && batch.bytes <= limits.bytes) return undefined;
  let count = 0;
  let bytes = 0;
  for (const { length } of batch.events) {
    if (count === limits.events || (count > 0 && bytes + length > limits.bytes)) break;
    count += 1;
    bytes += length;
  }
  if (count === batch.events.length) return undefined;
  const rest: Batch = {
    first: batch.first + count,
    events: batch.events.splice(count),
    bytes: batch.bytes - bytes,
    saved: Math.max(batch.saved - count, 0),
    bared: 0,
    isUrgent: batch.isUrgent,
  };
  batch.bytes = bytes;
  batch.saved = Math.min(batch.saved, count);
  return rest;
}

/** Takes the first events out of the batch and returns them. */
export function dropFirst(batch: Batch, count: number): Buffer[] {
  const dropped = batch.events.splice(0, count);
  batch.first += count;
  batch.bytes -= sumOf(dropped);
  batch.saved = Math.max(batch.saved - count, 0);
  return dropped;
}

/** Bytes of these events. */
export function sumOf(events: readonly Buffer[]): number {
  return events.reduce((sum, { length }) => sum + length, 0);
}
