import { encodeEvent, eventTooLarge } from '../shared/messages/record-body.ts';
import { limits } from '../shared/limits.ts';
import { MsgpackWriter } from '../shared/msgpack-writer.ts';
import { EncodedEvents } from './encoded-events.ts';

/** Memory that is kept for the events to come. */
const KEPT_BYTES = 512 * 1024;

/** Encodes events one behind the other, until they are taken out together. An event counts from `keep` on. */
export class EventWriter {
  #writer = new MsgpackWriter();
  #ends: number[] = [];
  /** Where the kept events end. */
  #end = 0;
  /** Where the event lies that was written last. */
  #from = 0;
  #to = 0;
  /** An event is being written, and may have code of its own that runs now. */
  isWriting = false;

  get count(): number {
    return this.#ends.length;
  }

  /** Bytes of the events that were kept. */
  get bytes(): number {
    return this.#end;
  }

  /**
   * Writes an event, instead of one that was not kept. Returns its bytes.
   * @throws DaybookError when it can never be stored: invalid_data (not encodable), invalid_utf8, too_large
   */
  write(event: unknown): number {
    const from = this.#end;
    this.isWriting = true;
    try {
      this.#to = this.#writePlain(event, from) ?? this.#writeEncoded(encodeEvent(event), from);
    } finally {
      this.isWriting = false;
    }
    this.#from = from;
    const bytes = this.#to - from;
    if (bytes > limits.eventBytes) throw eventTooLarge(bytes);
    return bytes;
  }

  /** The event that was written last is the next one. */
  keep(): void {
    if (this.#from !== this.#end) this.#writer.memory.copyWithin(this.#end, this.#from, this.#to);
    this.#end += this.#to - this.#from;
    this.#ends.push(this.#end);
  }

  /** Takes out what was kept. */
  take(): EncodedEvents {
    const { memory } = this.#writer;
    const events = new EncodedEvents(Buffer.from(memory.subarray(0, this.#end)), this.#ends);
    if (memory.length > KEPT_BYTES && this.#to === this.#end && !this.isWriting) this.#writer = new MsgpackWriter();
    this.#ends = [];
    this.#end = 0;
    return events;
  }

  #writePlain(event: unknown, from: number): number | undefined {
    try {
      const to = this.#writer.write(event, from);
      return to < 0 ? undefined : to;
    } catch {
      // The long way says what is wrong.
      return undefined;
    }
  }

  #writeEncoded(bytes: Buffer, from: number): number {
    this.#writer.reserve(from, bytes.length);
    this.#writer.memory.set(bytes, from);
    return from + bytes.length;
  }
}
