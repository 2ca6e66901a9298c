import type { ErrorCode } from '../../shared/errors.ts';
import type { Rejection } from '../../shared/messages/record.ts';
import { packPayload } from '../storage/payload.ts';
import { canonicalJson } from './canonical-json.ts';
import { digestOf, identityText } from './event-hash.ts';
import { UNFIT } from './json-text.ts';
import { EventPacker, type PackedEvents } from './packed-events.ts';
import { type RawEvent, scanEvent } from './raw-event.ts';
import { readInSlices, type RecordBody } from './read-record-body.ts';
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

/**
 * Reads a record request from its bytes and makes its events ready to be stored, with a pause after each slice for those who
 * have less to do.
 * @throws DaybookError malformed, invalid_request, too_large: nothing of the request can be used
 */
export function* prepareInSlices(
  body: Buffer,
  nowSeconds: number,
): Generator<void, RecordBody<PreparedEvents>, undefined> {
  const begun: EventPacker[] = [];
  try {
    return yield* readInSlices(body, (bytes, at, count) => {
      const packer = new EventPacker(count, bytes.length - at);
      begun.push(packer);
      return prepareEvents(bytes, at, count, packer, nowSeconds);
    });
  } catch (error) {
    for (const packer of begun) packer.discard();
    throw error;
  }
}

/** The same, in one go. */
export function prepareRecordBody(body: Buffer, nowSeconds: number): RecordBody<PreparedEvents> {
  const slices = prepareInSlices(body, nowSeconds);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/** Ordinary events are read once, by the transcriber; the others are scanned before they are decoded. */
function* prepareEvents(
  bytes: Buffer,
  start: number,
  count: number,
  packer: EventPacker,
  nowSeconds: number,
): Generator<void, { events: PreparedEvents; end: number }, undefined> {
  const rejected: Rejection[] = [];
  const refused: RefusedEvent[] = [];
  let at = start;
  let sliceEvents = 0;
  let sliceBytes = 0;
  for (let index = 0; index < count; index += 1) {
    if (sliceEvents >= SLICE_EVENTS || sliceBytes >= SLICE_BYTES) {
      sliceEvents = 0;
      sliceBytes = 0;
      yield;
    }
    let end = transcriber.pack(bytes, at, index, packer);
    if (end === UNFIT) {
      const raw = yield* scanEvent(bytes, at);
      if (raw.sizeBytes >= SLICE_BYTES) yield;
      const refusal = pack(raw, index, nowSeconds, packer);
      if (refusal !== undefined) {
        rejected.push({ index, code: refusal.code, message: refusal.message });
        refused.push({ index, code: refusal.code, ...traces(raw.value, nowSeconds) });
      }
      ({ end } = raw);
    }
    sliceEvents += 1;
    sliceBytes += end - at;
    at = end;
  }
  return { events: { events: packer.finish(), rejected, refused }, end: at };
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
