import { limits } from '../../shared/limits.ts';
import type { EventRow } from '../storage/insert-events.ts';
import type { NameTable } from '../storage/name-table.ts';
import { packPayloadBytes } from '../storage/payload.ts';
import { writeTextHash } from './event-hash.ts';
import { JsonText, UNFIT } from './json-text.ts';
import { type KnownName, KnownNames } from './known-names.ts';
import { isTimestamp } from './validate-event.ts';

/** Bytes of an event that is read this way; nothing is gained for larger ones. */
const EVENT_BYTES = 8 * 1024;
const IDENTITY_BYTES = 6 * (EVENT_BYTES + 3 * limits.nameBytes) + 256;

const FIELDS = ['type', 'source', 'timestamp', 'action', 'data'].map((field) => Buffer.from(field));
const [TYPE = 0, SOURCE = 1, TIMESTAMP = 2, ACTION = 3, DATA = 4] = FIELDS.keys();

/**
 * Turns the msgpack bytes of an ordinary event into its row in one walk: JSON text, names and hash, and no objects in
 * between. Whatever is not ordinary (a field that is missing or wrong, a form that needs thought) it leaves to
 * `validateEvent` and `canonicalJson`, which decide alone what is refused; where it does give a row, it is theirs.
 */
export class Transcriber {
  readonly #text = new JsonText(IDENTITY_BYTES);
  readonly #known = new KnownNames();

  /**
   * The row of the event that stands at `start`; undefined when it is left to others.
   * @param bytes scanned, with no problem found in the event
   * @param hash 16 bytes, written to
   */
  row(bytes: Buffer, start: number, end: number, names: NameTable, hash: Buffer): EventRow | undefined {
    if (end - start > EVENT_BYTES) return undefined;
    const text = this.#text;
    let type: KnownName | undefined;
    let source: KnownName | undefined;
    let action: KnownName | undefined;
    let timestamp: number | undefined;
    let data = 0;

    const tag = bytes[start] as number;
    if (tag < 0x83 || tag > 0x85) return undefined;
    let at = start + 1;
    for (let left = tag & 0x0f; left > 0; left -= 1) {
      const field = fieldAt(bytes, at);
      if (field === undefined) return undefined;
      at += 1 + (FIELDS[field] as Buffer).length;
      if (field === DATA) {
        if (data !== 0) return undefined;
        data = at;
        if (left === 1) break;
        // Written to know where it ends.
        text.clear();
        at = text.value(bytes, at);
        if (at === UNFIT) return undefined;
      } else if (field === TIMESTAMP) {
        if (timestamp !== undefined || bytes[at] !== 0xcb) return undefined;
        timestamp = bytes.readDoubleBE(at + 1);
        at += 9;
      } else {
        const form = bytes[at] as number;
        const isShort = form >= 0xa0 && form < 0xc0;
        if (!isShort && form !== 0xd9) return undefined;
        const size = isShort ? form & 0x1f : (bytes[at + 1] as number);
        at += isShort ? 1 : 2;
        const name = this.#known.at(bytes, at, size);
        if (name === undefined) return undefined;
        at += size;
        if (field === TYPE && type === undefined) type = name;
        else if (field === SOURCE && source === undefined) source = name;
        else if (field === ACTION && action === undefined) action = name;
        else return undefined;
      }
    }
    if (type === undefined || source === undefined || type.text === '' || source.text === '') return undefined;
    if (!isTimestamp(timestamp) || data === 0 || !isMap(bytes[data] as number)) return undefined;

    text.clear();
    text.ascii('{"action":');
    if (action === undefined) text.ascii('null');
    else text.utf8(action.json);
    text.ascii(',"data":');
    const from = text.length;
    if (text.value(bytes, data) === UNFIT) return undefined;
    const payload = this.#payload(from);
    if (!this.#bringIntoOrder(bytes, data, from)) return undefined;
    text.ascii(',"source":');
    text.utf8(source.json);
    text.ascii(`,"timestamp":${timestamp},"type":`);
    text.utf8(type.json);
    text.ascii('}');

    const typeId = names.idOf('type', type.text);
    const sourceId = names.idOf('source', source.text);
    const actionId = action === undefined ? null : names.idOf('action', action.text);
    if (typeId === undefined || sourceId === undefined || actionId === undefined) return undefined;
    writeTextHash(hash, text.bytes.subarray(0, text.length));
    return { timestamp, hash, typeId, sourceId, actionId, data: payload };
  }

  /** Makes the text from here on canonical. */
  #bringIntoOrder(bytes: Buffer, data: number, from: number): boolean {
    const text = this.#text;
    if (text.disorder === 'none') return true;
    if (text.disorder === 'outermost') return text.sortOutermost(bytes);
    text.clear();
    text.length = from;
    text.sorts = true;
    const end = text.value(bytes, data);
    text.sorts = false;
    return end !== UNFIT;
  }

  /** What is kept of the text from here on. */
  #payload(from: number): string | Buffer {
    const { bytes, length, bits } = this.#text;
    if (length - from > limits.compressFromBytes) return packPayloadBytes(bytes.subarray(from, length));
    return bytes.toString(bits < 0x80 ? 'latin1' : 'utf8', from, length);
  }
}

function isMap(tag: number): boolean {
  return (tag >= 0x80 && tag < 0x90) || tag === 0xde || tag === 0xdf;
}

/** Which field the key at this place names. */
function fieldAt(bytes: Buffer, at: number): number | undefined {
  const size = (bytes[at] as number) - 0xa0;
  for (let field = 0; field < FIELDS.length; field += 1) {
    const name = FIELDS[field] as Buffer;
    if (name.length !== size) continue;
    let index = 0;
    while (index < size && bytes[at + 1 + index] === name[index]) index += 1;
    if (index === size) return field;
  }
  return undefined;
}
