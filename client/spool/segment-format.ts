/**
 * The bytes of a spool segment: a header block, then records back to back, their numbers consecutive. Pure: bytes in,
 * records out.
 *
 * ```
 * mark     4 bytes  c1 f5 c1 ff: bytes that neither msgpack types nor UTF-8 text contain
 * length   u32      of the payload
 * counter  u48      the number that the producer gave the event
 * crc      u32      CRC-32 of length, counter and payload, begun with the CRC-32 of the epoch
 * payload           the event's msgpack bytes as they stand in a frame
 * ```
 *
 * All numbers are big-endian. The epoch in the checksum keeps bytes of another segment from passing for a record, and an
 * event from holding one.
 */
import { crc32 } from 'node:zlib';
import { limits } from '../../shared/limits.ts';

export interface SpoolRecord {
  counter: number;
  /** A view of the segment's bytes. */
  payload: Buffer;
  /** Bytes before it were no record. */
  isAfterDamage: boolean;
}

/** What a record takes beside its payload. */
export const recordOverheadBytes = 18;

const MARK = Buffer.from([0xc1, 0xf5, 0xc1, 0xff]);

/** With what the checksums of an epoch begin. */
export function seedOf(epoch: string): number {
  return crc32(epoch);
}

/** The records of events that are numbered from `first` on. */
export function encodeRecords(first: number, events: Iterable<Uint8Array>, seed: number): Buffer {
  let size = 0;
  for (const { length } of events) size += recordOverheadBytes + length;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  let counter = first;
  for (const event of events) {
    bytes.set(MARK, at);
    bytes.writeUInt32BE(event.length, at + 4);
    bytes.writeUIntBE(counter, at + 8, 6);
    bytes.writeUInt32BE(checksum(bytes.subarray(at + 4, at + 14), event, seed), at + 14);
    bytes.set(event, at + recordOverheadBytes);
    at += recordOverheadBytes + event.length;
    counter += 1;
  }
  return bytes;
}

/**
 * Finds the records in a segment, in order. What is torn or changed costs itself: the search goes on at the next mark
 * whose record has the right checksum and a number above the last one.
 */
export class RecordScanner {
  readonly #bytes: Buffer;
  readonly #seed: number;
  #at: number;
  #lastCounter = 0;
  /** Places where bytes were no record, as far as has been read. */
  damagedPlaces = 0;
  /** The last bytes were no record. Known at the end. */
  isTailDamaged = false;

  /** @param from where the records begin: behind the header, or 0 when there is none */
  constructor(bytes: Buffer, from: number, seed: number) {
    this.#bytes = bytes;
    this.#seed = seed;
    this.#at = from;
  }

  next(): SpoolRecord | undefined {
    let isAfterDamage = false;
    while (this.#at < this.#bytes.length) {
      const record = this.#recordAt(this.#at);
      if (record !== undefined) {
        this.#at += recordOverheadBytes + record.payload.length;
        this.#lastCounter = record.counter;
        return { ...record, isAfterDamage };
      }
      if (!isAfterDamage) this.damagedPlaces += 1;
      isAfterDamage = true;
      const found = this.#bytes.indexOf(MARK, this.#at + 1);
      this.#at = found < 0 ? this.#bytes.length : found;
    }
    this.isTailDamaged ||= isAfterDamage;
    return undefined;
  }

  #recordAt(at: number): { counter: number; payload: Buffer } | undefined {
    const bytes = this.#bytes;
    const start = at + recordOverheadBytes;
    if (start > bytes.length || bytes.compare(MARK, 0, MARK.length, at, at + MARK.length) !== 0) return undefined;
    const length = bytes.readUInt32BE(at + 4);
    const counter = bytes.readUIntBE(at + 8, 6);
    if (length === 0 || length > limits.eventBytes || start + length > bytes.length) return undefined;
    if (counter <= this.#lastCounter) return undefined;
    const payload = bytes.subarray(start, start + length);
    const crc = checksum(bytes.subarray(at + 4, at + 14), payload, this.#seed);
    return crc === bytes.readUInt32BE(at + 14) ? { counter, payload } : undefined;
  }
}

function checksum(lengthAndCounter: Uint8Array, payload: Uint8Array, seed: number): number {
  return crc32(payload, crc32(lengthAndCounter, seed));
}
