import type { EventRow } from '../storage/insert-events.ts';
import { releaseMemory } from '../release-memory.ts';
import type { NameKind, NameTable } from '../storage/name-table.ts';
import { hashBytes } from './event-hash.ts';

/**
 * Events on their way from the thread that prepares them to the one that writes them: one piece of memory that moves
 * as a whole, and the names that stand in it by number.
 */
export interface PackedEvents {
  /** Events there is room for, of which `count` are there. */
  room: number;
  count: number;
  /** Layout: timestamps, hashes, numbers (`NUMBERS` of them for each event), payloads back to back. */
  bytes: Uint8Array<ArrayBuffer>;
  types: readonly string[];
  sources: readonly string[];
  actions: readonly string[];
}

/** Where a number of an event stands among its numbers. */
const INDEX = 0;
const TYPE = 1;
const SOURCE = 2;
/** 0: none. */
const ACTION = 3;
const FORM = 4;
/** End of its payload; the next one begins there. */
const END = 5;
const NUMBERS = 6;

const forms = { ascii: 0, utf8: 1, gzip: 2 } as const;

const BYTES_PER_EVENT = Float64Array.BYTES_PER_ELEMENT + hashBytes + NUMBERS * Uint32Array.BYTES_PER_ELEMENT;

/** Where the parts begin when there is room for so many events. */
function partsOf(room: number): { hashes: number; numbers: number; payloads: number } {
  const hashes = room * Float64Array.BYTES_PER_ELEMENT;
  const numbers = hashes + room * hashBytes;
  return { hashes, numbers, payloads: room * BYTES_PER_EVENT };
}

/** Numbers names as they come. */
class Numbering {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }
}

/** What is packed of an event, apart from its hash and payload. */
export interface PackedFields {
  /** In its request. */
  index: number;
  timestamp: number;
  type: string;
  source: string;
  action: string | null;
}

/** Packs the events of one request. Each is its hash, its payload, and then its fields, which make it count. */
export class EventPacker {
  readonly #room: number;
  readonly #types = new Numbering();
  readonly #sources = new Numbering();
  readonly #actions = new Numbering();
  readonly #numbersAt: number;
  readonly #hashesAt: number;
  #bytes: Buffer<ArrayBuffer>;
  #timestamps: Float64Array;
  #numbers: Uint32Array;
  #count = 0;
  /** End of the payloads that count. */
  #end: number;
  #payloadEnd: number;
  #form: number = forms.ascii;

  /** @param payloadBytes a guess */
  constructor(events: number, payloadBytes: number) {
    this.#room = events;
    const { hashes, numbers, payloads } = partsOf(events);
    this.#hashesAt = hashes;
    this.#numbersAt = numbers;
    this.#end = payloads;
    this.#payloadEnd = payloads;
    this.#bytes = Buffer.allocUnsafeSlow(payloads + payloadBytes);
    this.#timestamps = new Float64Array(this.#bytes.buffer, 0, events);
    this.#numbers = new Uint32Array(this.#bytes.buffer, numbers, events * NUMBERS);
  }

  /** @param digest bytes as a latin1 string, of which the first 16 are kept */
  hash(digest: string): void {
    this.#bytes.write(digest, this.#hashesAt + this.#count * hashBytes, hashBytes, 'latin1');
  }

  /** Text in UTF-8 from one place to another. */
  text(source: Buffer, from: number, to: number, isAscii: boolean): void {
    this.#makeRoom(to - from);
    this.#payloadEnd = this.#end + source.copy(this.#bytes, this.#end, from, to);
    this.#form = isAscii ? forms.ascii : forms.utf8;
  }

  /** JSON text, or a gzip of it. */
  payload(payload: string | Buffer): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    this.text(bytes, 0, bytes.length, false);
    if (typeof payload !== 'string') this.#form = forms.gzip;
  }

  add({ index, timestamp, type, source, action }: PackedFields): void {
    const at = this.#count * NUMBERS;
    const numbers = this.#numbers;
    this.#timestamps[this.#count] = timestamp;
    numbers[at + INDEX] = index;
    numbers[at + TYPE] = this.#types.numberOf(type);
    numbers[at + SOURCE] = this.#sources.numberOf(source);
    numbers[at + ACTION] = action === null ? 0 : this.#actions.numberOf(action) + 1;
    numbers[at + FORM] = this.#form;
    numbers[at + END] = this.#payloadEnd;
    this.#end = this.#payloadEnd;
    this.#count += 1;
  }

  /** The packed events. Nothing can be added after it. */
  finish(): PackedEvents {
    return {
      room: this.#room,
      count: this.#count,
      bytes: new Uint8Array(this.#bytes.buffer),
      types: this.#types.texts,
      sources: this.#sources.texts,
      actions: this.#actions.texts,
    };
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    releaseMemory(this.#bytes);
    this.#bytes = larger;
    this.#timestamps = new Float64Array(larger.buffer, 0, this.#room);
    this.#numbers = new Uint32Array(larger.buffer, this.#numbersAt, this.#room * NUMBERS);
  }
}

/** An event whose type, source or action is one too many for the dictionary. */
export interface UnnamedEvent {
  index: number;
  kind: NameKind;
  source: string;
  timestampSeconds: number;
}

/** The rows of packed events, in order, and the events that can have none. */
export function unpackRows(packed: PackedEvents, names: NameTable): { rows: EventRow[]; unnamed: UnnamedEvent[] } {
  const { room, count, types, sources, actions } = packed;
  const bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length);
  const parts = partsOf(room);
  const timestamps = new Float64Array(bytes.buffer, bytes.byteOffset, count);
  const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset + parts.numbers, count * NUMBERS);
  const typeIds = types.map((type) => names.idOf('type', type));
  const sourceIds = sources.map((source) => names.idOf('source', source));
  const actionIds = [null, ...actions.map((action) => names.idOf('action', action))];
  const rows: EventRow[] = [];
  const unnamed: UnnamedEvent[] = [];
  let from = parts.payloads;
  for (let event = 0; event < count; event += 1) {
    const at = event * NUMBERS;
    const timestamp = timestamps[event] as number;
    const typeId = typeIds[numbers[at + TYPE] as number];
    const sourceId = sourceIds[numbers[at + SOURCE] as number];
    const actionId = actionIds[numbers[at + ACTION] as number];
    const to = numbers[at + END] as number;
    if (typeId === undefined || sourceId === undefined || actionId === undefined) {
      const kind = typeId === undefined ? 'type' : sourceId === undefined ? 'source' : 'action';
      const source = sources[numbers[at + SOURCE] as number] as string;
      unnamed.push({ index: numbers[at + INDEX] as number, kind, source, timestampSeconds: timestamp });
    } else {
      const hashAt = parts.hashes + event * hashBytes;
      const form = numbers[at + FORM];
      const data =
        form === forms.gzip
          ? bytes.subarray(from, to)
          : bytes.toString(form === forms.ascii ? 'latin1' : 'utf8', from, to);
      rows.push({ timestamp, hash: bytes.subarray(hashAt, hashAt + hashBytes), typeId, sourceId, actionId, data });
    }
    from = to;
  }
  return { rows, unnamed };
}
