/** JSON text in UTF-8, written straight from msgpack bytes: no objects are made on the way. */
import { isUtf8 } from 'node:buffer';
import { limits } from '../../shared/limits.ts';

/** In place of where a value ends: it is left to others. */
export const UNFIT = -1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Text that a control character is escaped by; index: its code. */
const ESCAPES = Array.from({ length: 0x20 }, (_, code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1));

/** What is to be known of a byte of text. */
const ESCAPED = 1;
const BEYOND_ASCII = 2;
const CLASSES = Uint8Array.from({ length: 0x100 }, (_, byte) => {
  if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return ESCAPED;
  return byte < 0x80 ? 0 : BEYOND_ASCII;
});

/** Entries of maps, at all levels together, that are brought into order here. */
const SORTED_ENTRIES = 256;
/** Lengths of texts that are handed out without making an object each time. */
const KEPT_VIEWS = 1024;
/** Maps and lists inside each other, at most: the outermost one is the second level of its event. */
const LEVELS = limits.nestingDepth - 1;
/** Bytes behind the tags 0xc0 to 0xdf that make up the number or the size; 0 for what is left to others. */
const TAIL_BYTES = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
]);
/** Numbers kept of each: where it begins and ends in the text, where its key begins in the source, and the key's length. */
const ENTRY = 4;

/**
 * Writes what JSON.stringify would write of the decoded value, or with `sorts` its RFC 8785 text.
 *
 * The bytes may be any. What is cut short or malformed, what JSON cannot keep and what is nested too deep is left to others,
 * who find out what is wrong with it; so are float32 and maps with keys that are not ASCII or begin with a digit (whose
 * order JavaScript decides in its own way).
 */
export class JsonText {
  readonly bytes: Buffer;
  /** Bytes written. Set it back to write over them. */
  length = 0;
  /** Which maps had their keys in another order than the canonical one, or a key twice. */
  disorder: 'none' | 'outermost' | 'inner' = 'none';
  /** Whether maps are written in canonical order. */
  sorts = false;
  readonly #scratch: Buffer;
  /** Of the first bytes, by how many they are: texts of one length come again and again. */
  readonly #views: (Buffer | undefined)[] = Array.from({ length: KEPT_VIEWS }, () => undefined);
  readonly #entries = new Int32Array(SORTED_ENTRIES * ENTRY);
  /** Entries in use: those of the maps that are open. */
  #used = 0;
  /** Maps and lists that are open. */
  #depth = 0;
  /** Where the source ends. */
  #limit = 0;
  readonly #order = new Int32Array(SORTED_ENTRIES);

  /** @param capacity six bytes for each of the longest source */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.#scratch = Buffer.allocUnsafeSlow(capacity);
  }

  /** What was written, until the next is. */
  written(): Buffer {
    const { bytes, length } = this;
    if (length >= KEPT_VIEWS) return bytes.subarray(0, length);
    return (this.#views[length] ??= bytes.subarray(0, length));
  }

  /** Forgets what was written. @param limit where the next source ends: nothing behind it is read */
  clear(limit: number): void {
    this.#limit = limit;
    this.length = 0;
    this.disorder = 'none';
    this.#used = 0;
    this.#depth = 0;
  }

  /**
   * Brings the map last written, whose inner maps are in order, into canonical order. False when a key is there twice, or
   * it has too many.
   */
  sortOutermost(source: Buffer): boolean {
    return this.#used < SORTED_ENTRIES && this.#sortEntries(source, 0);
  }

  /** Writes text that is ASCII and needs no escapes. */
  ascii(text: string): void {
    const { bytes } = this;
    let { length } = this;
    for (let index = 0; index < text.length; index += 1, length += 1) bytes[length] = text.charCodeAt(index);
    this.length = length;
  }

  /** Writes UTF-8 as it is. */
  utf8(text: Uint8Array): void {
    const { bytes } = this;
    let { length } = this;
    for (let index = 0; index < text.length; index += 1, length += 1) bytes[length] = text[index] as number;
    this.length = length;
  }

  /** Writes the value that begins at `at`. Returns where it ends, or UNFIT. */
  value(source: Buffer, at: number): number {
    if (at >= this.#limit) return UNFIT;
    const tag = source[at] as number;
    if (tag < 0x80) return this.#number(tag, at + 1);
    if (tag >= 0xe0) return this.#number(tag - 0x100, at + 1);
    if (tag < 0x90) return this.#map(source, at + 1, tag & 0x0f);
    if (tag < 0xa0) return this.#list(source, at + 1, tag & 0x0f);
    if (tag < 0xc0) return this.#string(source, at + 1, tag & 0x1f);
    if (at + (TAIL_BYTES[tag - 0xc0] as number) >= this.#limit) return UNFIT;
    switch (tag) {
      case 0xc0:
        return this.#constant('null', at + 1);
      case 0xc2:
        return this.#constant('false', at + 1);
      case 0xc3:
        return this.#constant('true', at + 1);
      case 0xcb:
        return this.#finite(source.readDoubleBE(at + 1), at + 9);
      case 0xcc:
        return this.#number(source[at + 1] as number, at + 2);
      case 0xcd:
        return this.#number(source.readUInt16BE(at + 1), at + 3);
      case 0xce:
        return this.#number(source.readUInt32BE(at + 1), at + 5);
      case 0xcf:
        return this.#safe(source.readUInt32BE(at + 1) * 0x1_0000_0000 + source.readUInt32BE(at + 5), at + 9);
      case 0xd0:
        return this.#number(source.readInt8(at + 1), at + 2);
      case 0xd1:
        return this.#number(source.readInt16BE(at + 1), at + 3);
      case 0xd2:
        return this.#number(source.readInt32BE(at + 1), at + 5);
      case 0xd3:
        return this.#safe(source.readInt32BE(at + 1) * 0x1_0000_0000 + source.readUInt32BE(at + 5), at + 9);
      case 0xd9:
        return this.#string(source, at + 2, source[at + 1] as number);
      case 0xda:
        return this.#string(source, at + 3, source.readUInt16BE(at + 1));
      case 0xdb:
        return this.#string(source, at + 5, source.readUInt32BE(at + 1));
      case 0xdc:
        return this.#list(source, at + 3, source.readUInt16BE(at + 1));
      case 0xdd:
        return this.#list(source, at + 5, source.readUInt32BE(at + 1));
      case 0xde:
        return this.#map(source, at + 3, source.readUInt16BE(at + 1));
      case 0xdf:
        return this.#map(source, at + 5, source.readUInt32BE(at + 1));
      default:
        return UNFIT;
    }
  }

  #constant(text: string, next: number): number {
    this.ascii(text);
    return next;
  }

  #number(value: number, next: number): number {
    // Minus zero prints as 0, as it must.
    this.ascii(`${value}`);
    return next;
  }

  #finite(value: number, next: number): number {
    return Number.isFinite(value) ? this.#number(value, next) : UNFIT;
  }

  #safe(value: number, next: number): number {
    return Number.isSafeInteger(value) ? this.#number(value, next) : UNFIT;
  }

  #list(source: Buffer, first: number, count: number): number {
    if (this.#depth === LEVELS) return UNFIT;
    this.#depth += 1;
    let at = first;
    this.bytes[this.length++] = 0x5b;
    for (let index = 0; index < count; index += 1) {
      if (index > 0) this.bytes[this.length++] = COMMA;
      at = this.value(source, at);
      if (at === UNFIT) return UNFIT;
    }
    this.#depth -= 1;
    this.bytes[this.length++] = 0x5d;
    return at;
  }

  #string(source: Buffer, at: number, size: number): number {
    const { bytes } = this;
    const end = at + size;
    if (end > this.#limit) return UNFIT;
    const start = this.length + 1;
    let length = start;
    let met = 0;
    bytes[start - 1] = QUOTE;
    for (let from = at; from < end; from += 1, length += 1) {
      const byte = source[from] as number;
      met |= CLASSES[byte] as number;
      bytes[length] = byte;
    }
    this.length = length;
    if ((met & ESCAPED) !== 0) {
      this.length = start;
      this.#escape(source, at, end);
    }
    bytes[this.length++] = QUOTE;
    return (met & BEYOND_ASCII) === 0 || isUtf8(source.subarray(at, end)) ? end : UNFIT;
  }

  /** Writes the inside of a string that needs escapes. */
  #escape(source: Buffer, at: number, end: number): void {
    for (let from = at; from < end; from += 1) {
      const byte = source[from] as number;
      if (byte < 0x20) {
        this.ascii(ESCAPES[byte] as string);
        continue;
      }
      if (byte === QUOTE || byte === BACKSLASH) this.bytes[this.length++] = BACKSLASH;
      this.bytes[this.length++] = byte;
    }
  }

  #map(source: Buffer, first: number, count: number): number {
    if (this.#depth === LEVELS) return UNFIT;
    const opened = this.#used;
    this.#depth += 1;
    let at = first;
    let isOrdered = true;
    let lastKey = 0;
    let lastSize = 0;
    this.bytes[this.length++] = 0x7b;
    for (let index = 0; index < count; index += 1) {
      const tag = source[at] as number;
      const isShort = tag >= 0xa0 && tag < 0xc0;
      if (!isShort && tag !== 0xd9) return UNFIT;
      const key = isShort ? at + 1 : at + 2;
      const size = isShort ? tag & 0x1f : (source[at + 1] as number);
      // NaN when there is no size any more.
      if (!(key + size < this.#limit)) return UNFIT;
      if (!isPlainKey(source, key, size)) return UNFIT;
      if (index > 0) {
        this.bytes[this.length++] = COMMA;
        isOrdered &&= compareText(source, lastKey, lastSize, key, size) < 0;
      }
      lastKey = key;
      lastSize = size;
      const start = this.length;
      this.#string(source, key, size);
      this.bytes[this.length++] = COLON;
      at = this.value(source, key + size);
      if (at === UNFIT) return UNFIT;
      if (this.#used < SORTED_ENTRIES) {
        const entry = this.#used * ENTRY;
        this.#used += 1;
        this.#entries[entry] = start;
        this.#entries[entry + 1] = this.length;
        this.#entries[entry + 2] = key;
        this.#entries[entry + 3] = size;
      } else if (this.sorts) return UNFIT;
    }
    this.#depth -= 1;
    if (!isOrdered) {
      this.disorder = this.#depth > 0 || this.disorder === 'inner' ? 'inner' : 'outermost';
      if (this.sorts && !this.#sortEntries(source, opened)) return UNFIT;
    }
    if (this.#depth > 0) this.#used = opened;
    this.bytes[this.length++] = 0x7d;
    return at;
  }

  /** Brings the entries of the map that is being written into the order of their keys. False when a key is there twice. */
  #sortEntries(source: Buffer, opened: number): boolean {
    const entries = this.#entries;
    const order = this.#order;
    const count = this.#used - opened;
    for (let index = 0; index < count; index += 1) {
      const entry = (opened + index) * ENTRY;
      let place = index;
      for (; place > 0; place -= 1) {
        const before = order[place - 1] as number;
        const difference = compareKeys(source, entries, before, entry);
        if (difference === 0) return false;
        if (difference < 0) break;
        order[place] = before;
      }
      order[place] = entry;
    }
    const start = entries[opened * ENTRY] as number;
    let to = 0;
    for (let index = 0; index < count; index += 1) {
      const entry = order[index] as number;
      if (index > 0) this.#scratch[to++] = COMMA;
      to += this.bytes.copy(this.#scratch, to, entries[entry], entries[entry + 1]);
    }
    this.#scratch.copy(this.bytes, start, 0, to);
    return true;
  }
}

function isPlainKey(source: Buffer, at: number, size: number): boolean {
  const initial = source[at] as number;
  if (size > 0 && initial >= 0x30 && initial <= 0x39) return false;
  let bits = 0;
  for (let from = at; from < at + size; from += 1) bits |= source[from] as number;
  return bits < 0x80;
}

/** Less than 0 when the key of entry `a` comes first, 0 when they are equal. Of ASCII, bytes order as UTF-16 does. */
function compareKeys(source: Buffer, entries: Int32Array, a: number, b: number): number {
  return compareText(
    source,
    entries[a + 2] as number,
    entries[a + 3] as number,
    entries[b + 2] as number,
    entries[b + 3] as number,
  );
}

function compareText(source: Buffer, first: number, firstSize: number, second: number, secondSize: number): number {
  const size = Math.min(firstSize, secondSize);
  for (let index = 0; index < size; index += 1) {
    const difference = (source[first + index] as number) - (source[second + index] as number);
    if (difference !== 0) return difference;
  }
  return firstSize - secondSize;
}
