import { type Batch, isFull, newBatch } from './batch.ts';
import { EventWriter } from './event-writer.ts';

/** Events in memory that are in no frame yet, in batches, in order. */
export class Gathered {
  readonly #full: Batch[] = [];
  /** What is not a full batch yet, and the number of its first event. */
  #writer = new EventWriter();
  #first = 0;
  count = 0;
  bytes = 0;

  /**
   * Encodes an event, and returns its bytes; `push` adds it.
   * @throws DaybookError when it can never be stored: invalid_data (not encodable), invalid_utf8, too_large
   */
  write(event: unknown): number {
    // An event may have code of its own, which may record other events while this one is being written.
    if (this.#writer.isWriting) {
      this.#seal();
      this.#writer = new EventWriter();
    }
    const writer = this.#writer;
    const bytes = writer.write(event);
    if (this.#writer !== writer) {
      this.#seal();
      this.#writer = writer;
    }
    return bytes;
  }

  /** Adds the event that was written last. True when its batch is full with it. */
  push(counter: number): boolean {
    const writer = this.#writer;
    if (writer.count > 0 && counter !== this.#first + writer.count) this.#seal();
    if (writer.count === 0) this.#first = counter;
    const before = writer.bytes;
    writer.keep();
    this.count += 1;
    this.bytes += writer.bytes - before;
    if (!isFull(writer.count, writer.bytes)) return false;
    this.#seal();
    return true;
  }

  /** Takes the first batch. */
  take(): Batch | undefined {
    if (this.#full.length === 0) this.#seal();
    const batch = this.#full.shift();
    if (batch === undefined) return undefined;
    this.count -= batch.events.count;
    this.bytes -= batch.events.bytes.length;
    return batch;
  }

  /** Puts back what was left of the first batch. */
  putBack(batch: Batch): void {
    this.#full.unshift(batch);
    this.count += batch.events.count;
    this.bytes += batch.events.bytes.length;
  }

  /** What there is becomes a batch. */
  #seal(): void {
    if (this.#writer.count > 0) this.#full.push(newBatch(this.#first, this.#writer.take()));
  }
}
