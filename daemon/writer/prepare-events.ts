import type { ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Rejection } from '../../shared/messages/record.ts';
import { scanProblems } from '../../shared/msgpack-scanner.ts';
import type { EventRow } from '../storage/insert-events.ts';
import type { NameKind, NameTable } from '../storage/name-table.ts';
import { packPayload } from '../storage/payload.ts';
import { canonicalJson } from './canonical-json.ts';
import { hashBytes, writeEventHash } from './event-hash.ts';
import type { RawEvent } from './read-record-body.ts';
import { Transcriber } from './transcriber.ts';
import { isName, isRefusal, isTimestamp, type Refusal, validateEvent, type ValidEvent } from './validate-event.ts';

export interface PreparedEvents {
  rows: EventRow[];
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

/** Turns the events of one request into rows; each event is either a row or a rejection. */
export function prepareEvents(events: readonly RawEvent[], names: NameTable, nowSeconds: number): PreparedEvents {
  const slices = prepareInSlices(events, names, nowSeconds);
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
  }
}

/** The same, with a pause after each slice for those who have less to do. */
export function* prepareInSlices(
  events: readonly RawEvent[],
  names: NameTable,
  nowSeconds: number,
): Generator<void, PreparedEvents, undefined> {
  const rows: EventRow[] = [];
  const rejected: Rejection[] = [];
  const refused: RefusedEvent[] = [];
  // One piece of memory for the hashes of a request.
  const hashes = Buffer.allocUnsafeSlow(events.length * hashBytes);
  let index = -1;
  let sliceEvents = 0;
  let sliceBytes = 0;
  for (const raw of events) {
    index += 1;
    if (sliceEvents >= SLICE_EVENTS || sliceBytes >= SLICE_BYTES) {
      sliceEvents = 0;
      sliceBytes = 0;
      yield;
    }
    sliceEvents += 1;
    sliceBytes += raw.sizeBytes;
    const row = eventRow(raw, names, nowSeconds, hashes.subarray(index * hashBytes, (index + 1) * hashBytes));
    if (isRefusal(row)) {
      rejected.push({ index, code: row.code, message: row.message });
      refused.push({ index, code: row.code, ...traces(raw.value, nowSeconds) });
    } else rows.push(row);
    // It is text now; the next event is decoded without this one in memory.
    raw.release();
  }
  return { rows, rejected, refused };
}

const transcriber = new Transcriber();

function eventRow(raw: RawEvent, names: NameTable, nowSeconds: number, hash: Buffer): EventRow | Refusal {
  if (raw.problem === scanProblems.none) {
    const row = transcriber.row(raw.bytes, raw.start, raw.end, names, hash);
    if (row !== undefined) return row;
  }
  const valid = validateEvent(raw, nowSeconds);
  return isRefusal(valid) ? valid : prepareRow(valid, raw, names, hash);
}

function traces(event: unknown, nowSeconds: number): { source: string | null; timestampSeconds: number } {
  const { source, timestamp } = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>;
  return {
    source: isName(source, 1) ? source : null,
    timestampSeconds: isTimestamp(timestamp) ? timestamp : nowSeconds,
  };
}

function prepareRow(event: ValidEvent, raw: RawEvent, names: NameTable, hash: Buffer): EventRow | Refusal {
  const { timestamp, type, source, action, data } = event;
  const canonical = canonicalJson(data);
  const topLevelEntries = raw.mapEntries - canonical.entries;
  if (topLevelEntries > 5 || topLevelEntries < 0 || topLevelEntries !== Object.keys(raw.value as object).length) {
    return { code: 'invalid_data', message: 'a map has the same key twice' };
  }
  const typeId = names.idOf('type', type);
  if (typeId === undefined) return tooManyNames('type');
  const sourceId = names.idOf('source', source);
  if (sourceId === undefined) return tooManyNames('source');
  const actionId = action === null ? null : names.idOf('action', action);
  if (actionId === undefined) return tooManyNames('action');
  writeEventHash(hash, timestamp, type, source, action, canonical.text);
  return {
    timestamp,
    hash,
    typeId,
    sourceId,
    actionId,
    data: packPayload(canonical.inOrder ? canonical.text : JSON.stringify(data)),
  };
}

function tooManyNames(kind: NameKind): Refusal {
  return {
    code: 'too_many_names',
    message: `the database knows ${limits.namesPerKind} different names of this kind (${kind}) already; put what varies into data`,
  };
}
