/** Strings up to here are shorter in a loop than in a call that leaves JavaScript. */
const LOOP_CHARACTERS = 32;
/** Room for any header, and any number. */
const HEAD_BYTES = 9;
/** Instead of where a value ends. */
const NOT_PLAIN = -1;
const MAX_DEPTH = 64;
/** Of the pool that buffers share: most writers are made for little. */
const LEAST_BYTES = 2 * 1024;
const GROWTH = 4;

/**
 * Writes plain values into one piece of memory: the bytes that `encode` gives, without an object or a copy for each of them.
 * Plain are strings without half a surrogate pair, numbers, booleans, null, undefined, and ordinary objects and arrays of
 * at most 15 entries and 64 levels.
 */
export class MsgpackWriter {
  /** Another one when it had to grow, with the same bytes in front. */
  memory = Buffer.allocUnsafe(LEAST_BYTES);
  #view = viewOf(this.memory);

  /** Writes a value at this place, and returns where it ends; -1 when it is not plain, or holds what is not. */
  write(value: unknown, at: number): number {
    return this.#value(value, at, MAX_DEPTH);
  }

  /** Sees to it that this many bytes have room at this place; what stands before it is kept. */
  reserve(at: number, bytes: number): void {
    if (this.memory.length - at >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.memory.length * GROWTH, at + bytes));
    larger.set(this.memory.subarray(0, at));
    this.memory = larger;
    this.#view = viewOf(larger);
  }

  #value(value: unknown, at: number, depth: number): number {
    if (typeof value === 'string') return this.#string(value, at);
    this.reserve(at, HEAD_BYTES);
    if (typeof value === 'number') return this.#number(value, at);
    if (typeof value === 'object' && value !== null) {
      if (depth === 0) return NOT_PLAIN;
      if (value.constructor === Object) return this.#map(value as { [key: string]: unknown }, at, depth - 1);
      return value.constructor === Array ? this.#list(value as unknown[], at, depth - 1) : NOT_PLAIN;
    }
    if (value === null || value === undefined) this.memory[at] = 0xc0;
    else if (typeof value === 'boolean') this.memory[at] = value ? 0xc3 : 0xc2;
    else return NOT_PLAIN;
    return at + 1;
  }

  #map(map: { [key: string]: unknown }, start: number, depth: number): number {
    let at = start + 1;
    let entries = 0;
    for (const key in map) {
      if (!Object.prototype.hasOwnProperty.call(map, key)) continue;
      if (entries === 15) return NOT_PLAIN;
      entries += 1;
      at = this.#string(key, at);
      if (at === NOT_PLAIN) return NOT_PLAIN;
      at = this.#value(map[key], at, depth);
      if (at === NOT_PLAIN) return NOT_PLAIN;
    }
    this.memory[start] = 0x80 | entries;
    return at;
  }

  #list(list: readonly unknown[], start: number, depth: number): number {
    const { length } = list;
    if (length > 15) return NOT_PLAIN;
    this.memory[start] = 0x90 | length;
    let at = start + 1;
    for (let index = 0; index < length; index += 1) {
      at = this.#value(list[index], at, depth);
      if (at === NOT_PLAIN) return NOT_PLAIN;
    }
    return at;
  }

  #number(value: number, start: number): number {
    const { memory } = this;
    let at = start;
    if (value >>> 0 === value) {
      if (value < 0x80) memory[at++] = value;
      else if (value < 0x100) {
        memory[at++] = 0xcc;
        memory[at++] = value;
      } else if (value < 0x1_0000) {
        memory[at++] = 0xcd;
        memory[at++] = value >>> 8;
        memory[at++] = value;
      } else {
        memory[at++] = 0xce;
        this.#view.setUint32(at, value);
        at += 4;
      }
    } else if (value >> 0 === value) {
      if (value >= -0x20) memory[at++] = value;
      else if (value >= -0x80) {
        memory[at++] = 0xd0;
        memory[at++] = value;
      } else if (value >= -0x8000) {
        memory[at++] = 0xd1;
        memory[at++] = value >> 8;
        memory[at++] = value;
      } else {
        memory[at++] = 0xd2;
        this.#view.setInt32(at, value);
        at += 4;
      }
    } else {
      memory[at++] = 0xcb;
      this.#view.setFloat64(at, value);
      at += 8;
    }
    return at;
  }

  #string(text: string, start: number): number {
    const { length } = text;
    if (length >= LOOP_CHARACTERS) return this.#longString(text, start);
    this.reserve(start, 5 + 3 * length);
    const { memory } = this;
    let at = start + 1;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return this.#longString(text, start);
      memory[at++] = code;
    }
    memory[start] = 0xa0 | length;
    return at;
  }

  #longString(text: string, start: number): number {
    const { length } = text;
    this.reserve(start, 5 + (length < 0x1000 ? 3 * length : Buffer.byteLength(text)));
    const { memory } = this;
    const expected = headBytesOf(length);
    const bytes = memory.write(text, start + expected);
    // Half a surrogate pair would leave as something else.
    if (bytes !== length && !text.isWellFormed()) return NOT_PLAIN;
    const head = headBytesOf(bytes);
    const at = start + head;
    if (head !== expected) memory.copyWithin(at, start + expected, start + expected + bytes);
    if (head === 1) memory[start] = 0xa0 | bytes;
    else if (head === 2) {
      memory[start] = 0xd9;
      memory[start + 1] = bytes;
    } else if (head === 3) {
      memory[start] = 0xda;
      this.#view.setUint16(start + 1, bytes);
    } else {
      memory[start] = 0xdb;
      this.#view.setUint32(start + 1, bytes);
    }
    return at + bytes;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Bytes in front of a string of this many. */
function headBytesOf(bytes: number): number {
  if (bytes < 0x20) return 1;
  if (bytes < 0x100) return 2;
  return bytes < 0x1_0000 ? 3 : 5;
}
