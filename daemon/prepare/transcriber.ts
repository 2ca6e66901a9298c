import { limits } from '../../shared/limits.ts';
import { packPayloadBytes } from '../storage/payload.ts';
import { digestOf } from './event-hash.ts';
import { JsonText, UNFIT } from './json-text.ts';
import { type KnownName, KnownNames } from './known-names.ts';
import type { EventPacker } from './packed-events.ts';
import { isTimestamp } from './validate-event.ts';

/** Bytes of an event that is read this way, at most; nothing is gained for larger ones. */
const EVENT_BYTES = 8 * 1024;
const IDENTITY_BYTES = 6 * (EVENT_BYTES + 3 * limits.nameBytes) + 256;

const FIELDS = ['type', 'source', 'timestamp', 'action', 'data'].map((field) => Buffer.from(field));
const [TYPE = 0, SOURCE = 1, TIMESTAMP = 2, ACTION = 3, DATA = 4] = FIELDS.keys();

/**
 * Turns the msgpack bytes of an ordinary event into what is stored in one walk: JSON text, names and hash, and no objects
 * in between. Whatever is not ordinary (a field that is missing or wrong, a form that needs thought) it leaves to
 * `validateEvent` and `canonicalJson`, which decide alone what is refused; where it does pack an event, it packs what they would.
 */
export class Transcriber {
  readonly #text = new JsonText(IDENTITY_BYTES);
  readonly #known = new KnownNames();

  /**
   * Packs the event that begins at `start`, and returns where it ends; UNFIT when it is left to others.
   * @param bytes whatever was sent
   * @param index of the event in its request
   */
  pack(bytes: Buffer, start: number, index: number, packer: EventPacker): number {
    const text = this.#text;
    const limit = Math.min(bytes.length, start + EVENT_BYTES);
    let type: KnownName | undefined;
    let source: KnownName | undefined;
    let action: KnownName | undefined;
    let timestamp: number | undefined;
    let data = 0;

    const tag = bytes[start] as number;
    if (!(tag >= 0x83 && tag <= 0x85)) return UNFIT;
    let at = start + 1;
    for (let left = tag & 0x0f; left > 0; left -= 1) {
      const field = fieldAt(bytes, at);
      if (field === undefined) return UNFIT;
      at += 1 + (FIELDS[field] as Buffer).length;
      if (at >= limit) return UNFIT;
      if (field === DATA) {
        if (data !== 0) return UNFIT;
        data = at;
        if (left === 1) break;
        // Written to know where it ends.
        text.clear(limit);
        at = text.value(bytes, at);
        if (at === UNFIT) return UNFIT;
      } else if (field === TIMESTAMP) {
        const form = bytes[at] as number;
        // A float64, or the whole seconds of our time.
        const size = form === 0xcb ? 8 : form === 0xce ? 4 : undefined;
        if (timestamp !== undefined || size === undefined || at + 1 + size > limit) return UNFIT;
        timestamp = size === 8 ? bytes.readDoubleBE(at + 1) : bytes.readUInt32BE(at + 1);
        at += 1 + size;
      } else {
        const form = bytes[at] as number;
        const isShort = form >= 0xa0 && form < 0xc0;
        if (!isShort && form !== 0xd9) return UNFIT;
        const size = isShort ? form & 0x1f : (bytes[at + 1] as number);
        at += isShort ? 1 : 2;
        // NaN when there is no size any more.
        if (!(at + size <= limit)) return UNFIT;
        const name = this.#known.at(bytes, at, size);
        if (name === undefined) return UNFIT;
        at += size;
        if (field === TYPE && type === undefined) type = name;
        else if (field === SOURCE && source === undefined) source = name;
        else if (field === ACTION && action === undefined) action = name;
        else return UNFIT;
      }
    }
    if (type === undefined || source === undefined || type.text === '' || source.text === '') return UNFIT;
    if (!isTimestamp(timestamp) || data === 0 || !isMap(bytes[data] as number)) return UNFIT;

    text.clear(limit);
    text.ascii('{"action":');
    if (action === undefined) text.ascii('null');
    else text.utf8(action.json);
    text.ascii(',"data":');
    const from = text.length;
    const dataEnd = text.value(bytes, data);
    if (dataEnd === UNFIT) return UNFIT;
    this.#packPayload(from, packer);
    if (!this.#bringIntoOrder(bytes, data, from, limit)) return UNFIT;
    text.ascii(',"source":');
    text.utf8(source.json);
    text.ascii(',"timestamp":');
    text.ascii(`${timestamp}`);
    text.ascii(',"type":');
    text.utf8(type.json);
    text.ascii('}');

    packer.hash(digestOf(text.written()));
    packer.add({ index, timestamp, type: type.text, source: source.text, action: action?.text ?? null });
    return Math.max(at, dataEnd);
  }

  /** Makes the text from here on canonical. */
  #bringIntoOrder(bytes: Buffer, data: number, from: number, limit: number): boolean {
    const text = this.#text;
    if (text.disorder === 'none') return true;
    if (text.disorder === 'outermost') return text.sortOutermost(bytes);
    text.clear(limit);
    text.length = from;
    text.sorts = true;
    const end = text.value(bytes, data);
    text.sorts = false;
    return end !== UNFIT;
  }

  /** Packs what is kept of the text from here on. */
  #packPayload(from: number, packer: EventPacker): void {
    const { bytes, length } = this.#text;
    if (length - from > limits.compressFromBytes) packer.payload(packPayloadBytes(bytes.subarray(from, length)));
    else packer.text(bytes, from, length);
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
