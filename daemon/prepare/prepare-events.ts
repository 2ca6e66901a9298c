import type { ErrorCode } from '../../shared/errors.ts';
import type { Rejection } from '../../shared/messages/record.ts';
import { scanProblems } from '../../shared/msgpack-scanner.ts';
import { packPayload } from '../storage/payload.ts';
import { canonicalJson } from './canonical-json.ts';
import { digestOf, identityText } from './event-hash.ts';
import { EventPacker, type PackedEvents } from './packed-events.ts';
import type { RawEvent } from './read-record-body.ts';
import { Transcriber } from './transcriber.ts';
import { isName, isRefusal, isTimestamp, type Refusal, validateEvent } from './validate-event.ts';

/** The events of one request: each is either packed or a rejection. */
export interface PreparedEvents {
  events: PackedEvents;
  rejected: Rejection[];
  /** What is known of each rejected event, as far as it could be read. */
  refused: RefusedEvent[];
}

export interface RefusedEvent {
  /** Index in the request. */
  index: number;
  code: ErrorCode;
  source: string | null;
  timestampSeconds: number;
}

/** Events, and bytes of events, between two pauses: about half a millisecond. */
const SLICE_EVENTS = 64;
const SLICE_BYTES = 32 * 1024;

const transcriber = new Transcriber();

/** Makes the events of one request ready to be stored, with a pause after each slice for those who have less to do. */
export function* prepareInSlices(
  events: readonly RawEvent[],
  nowSeconds: number,
): Generator<void, PreparedEvents, undefined> {
  const rejected: Rejection[] = [];
  const refused: RefusedEvent[] = [];
  const first = events[0]?.start ?? 0;
  const packer = new EventPacker(events.length, (events.at(-1)?.end ?? first) - first);
  let sliceEvents = 0;
  let sliceBytes = 0;
  for (let index = 0; index < events.length; index += 1) {
    const raw = events[index] as RawEvent;
    if (sliceEvents >= SLICE_EVENTS || sliceBytes >= SLICE_BYTES) {
      sliceEvents = 0;
      sliceBytes = 0;
      yield;
    }
    sliceEvents += 1;
    sliceBytes += raw.sizeBytes;
    if (raw.problem === scanProblems.none && transcriber.pack(raw.bytes, raw.start, raw.end, index, packer)) continue;
    const refusal = pack(raw, index, nowSeconds, packer);
    if (refusal !== undefined) {
      rejected.push({ index, code: refusal.code, message: refusal.message });
      refused.push({ index, code: refusal.code, ...traces(raw.value, nowSeconds) });
    }
    // It is text now; the next event is decoded without this one in memory.
    raw.release();
  }
  return { events: packer.finish(), rejected, refused };
}

/** The same, in one go. */
export function prepareEvents(events: readonly RawEvent[], nowSeconds: number): PreparedEvents {
  const slices = prepareInSlices(events, nowSeconds);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

function traces(event: unknown, nowSeconds: number): { source: string | null; timestampSeconds: number } {
  const { source, timestamp } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  return {
    source: isName(source, 1) ? source : null,
    timestampSeconds: isTimestamp(timestamp) ? timestamp : nowSeconds,
  };
}

/** Packs any event, or says why it is refused. */
function pack(raw: RawEvent, index: number, nowSeconds: number, packer: EventPacker): Refusal | undefined {
  const valid = validateEvent(raw, nowSeconds);
  if (isRefusal(valid)) return valid;
  const { timestamp, type, source, action, data } = valid;
  const canonical = canonicalJson(data);
  const topLevelEntries = raw.mapEntries - canonical.entries;
  if (topLevelEntries > 5 || topLevelEntries < 0 || topLevelEntries !== Object.keys(raw.value as object).length) {
    return { code: 'invalid_data', message: 'a map has the same key twice' };
  }
  packer.hash(digestOf(identityText(timestamp, type, source, action, canonical.text)));
  packer.payload(packPayload(canonical.inOrder ? canonical.text : JSON.stringify(data)));
  packer.add({ index, timestamp, type, source, action });
  return undefined;
}
