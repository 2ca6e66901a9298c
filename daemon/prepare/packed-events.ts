import type { EventRow } from '../storage/event-row.ts';
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
  /** Layout: timestamps, numbers (`NUMBERS` of them for each event), then each hash with its payload behind it. */
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
/** 1: the payload is text; 0: a gzip of it. */
const IS_TEXT = 4;
/** End of its payload; the next hash begins there. */
const END = 5;
const NUMBERS = 6;

/** Where the parts begin when there is room for so many events. */
function partsOf(room: number): { numbers: number; contents: number } {
  const numbers = room * Float64Array.BYTES_PER_ELEMENT;
  return { numbers, contents: numbers + room * NUMBERS * Uint32Array.BYTES_PER_ELEMENT };
}

/** Names that are looked through one by one; a map of more is faster, and one of a few costs more than it saves. */
const FEW_NAMES = 8;

/** Numbers names as they come. */
class Numbering {
  readonly texts: string[] = [];
  #numbers: Map<string, number> | undefined;

  numberOf(text: string): number {
    const { texts } = this;
    const known = this.#numbers === undefined ? texts.indexOf(text) : this.#numbers.get(text);
    if (known !== undefined && known !== -1) return known;
    const number = texts.push(text) - 1;
    if (this.#numbers !== undefined) this.#numbers.set(text, number);
    else if (texts.length === FEW_NAMES) this.#numbers = new Map(texts.map((name, index) => [name, index]));
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

/** Packs the events of one request. Each is its hash and its payload, and then its fields, which make it count. */
export class EventPacker {
  readonly #room: number;
  readonly #types = new Numbering();
  readonly #sources = new Numbering();
  readonly #actions = new Numbering();
  readonly #numbersAt: number;
  #bytes: Buffer<ArrayBuffer>;
  #timestamps: Float64Array;
  #numbers: Uint32Array;
  #count = 0;
  /** End of the events that count. */
  #end: number;
  #payloadEnd: number;
  #isText = true;

  /** @param payloadBytes a guess */
  constructor(events: number, payloadBytes: number) {
    this.#room = events;
    const { numbers, contents } = partsOf(events);
    this.#numbersAt = numbers;
    this.#end = contents;
    this.#payloadEnd = contents;
    this.#bytes = Buffer.allocUnsafeSlow(contents + events * hashBytes + payloadBytes);
    this.#timestamps = new Float64Array(this.#bytes.buffer, 0, events);
    this.#numbers = new Uint32Array(this.#bytes.buffer, numbers, events * NUMBERS);
  }

  /** @param digest bytes as a latin1 string, of which the first 16 are kept */
  hash(digest: string): void {
    this.#makeRoom(hashBytes);
    this.#bytes.write(digest, this.#end, hashBytes, 'latin1');
  }

  /** Text in UTF-8 from one place to another. */
  text(source: Buffer, from: number, to: number): void {
    this.#makeRoom(hashBytes + to - from);
    const at = this.#end + hashBytes;
    this.#payloadEnd = at + source.copy(this.#bytes, at, from, to);
    this.#isText = true;
  }

  /** JSON text, or a gzip of it. */
  payload(payload: string | Buffer): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    this.text(bytes, 0, bytes.length);
    this.#isText = typeof payload === 'string';
  }

  add({ index, timestamp, type, source, action }: PackedFields): void {
    const at = this.#count * NUMBERS;
    const numbers = this.#numbers;
    this.#timestamps[this.#count] = timestamp;
    numbers[at + INDEX] = index;
    numbers[at + TYPE] = this.#types.numberOf(type);
    numbers[at + SOURCE] = this.#sources.numberOf(source);
    numbers[at + ACTION] = action === null ? 0 : this.#actions.numberOf(action) + 1;
    numbers[at + IS_TEXT] = this.#isText ? 1 : 0;
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

  /** Gives the memory back: the request is refused. */
  discard(): void {
    releaseMemory(this.#bytes);
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger);
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
  let contentAt = parts.contents;
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
      const payloadBytes = to - contentAt - hashBytes;
      const isText = numbers[at + IS_TEXT] === 1;
      rows.push({ timestamp, typeId, sourceId, actionId, bytes, at: contentAt, payloadBytes, isText });
    }
    contentAt = to;
  }
  return { rows, unnamed };
}
