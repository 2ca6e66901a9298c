import { isUtf8 } from 'node:buffer';
import { isName } from './validate-event.ts';

/** A type, source or action as it came, and as it stands in an event's identity. */
export interface KnownName {
  text: string;
  /** Its JSON text. */
  json: Buffer;
}

interface Slot extends KnownName {
  bytes: Buffer;
}

/** Names that are remembered. A power of two. */
const SLOTS = 512;

/** Finds a name by its UTF-8 bytes without decoding them: events bring the same few names again and again. */
export class KnownNames {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** The name that stands in `source`; undefined when no event may have it. */
  at(source: Buffer, start: number, size: number): KnownName | undefined {
    let sum = size;
    for (let at = start; at < start + size; at += 1) sum = (Math.imul(sum, 31) + (source[at] as number)) | 0;
    const index = (sum ^ (sum >>> 15)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && isEqual(slot.bytes, source, start, size)) return slot;
    const bytes = Buffer.from(source.subarray(start, start + size));
    const text = bytes.toString('utf8');
    if (!isUtf8(bytes) || !isName(text, 0)) return undefined;
    const known = { text, json: Buffer.from(JSON.stringify(text)), bytes };
    this.#slots[index] = known;
    return known;
  }
}

function isEqual(name: Buffer, source: Buffer, start: number, size: number): boolean {
  if (name.length !== size) return false;
  for (let index = 0; index < size; index += 1) if (name[index] !== source[start + index]) return false;
  return true;
}
