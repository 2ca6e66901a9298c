import { type Batch, isFull, newBatch } from './batch.ts';

/** Events in memory that are in no frame yet, in batches, in order. */
export class Gathered {
  readonly #full: Batch[] = [];
  #filling = newBatch(0);
  count = 0;
  bytes = 0;

  /** Adds an event. True when its batch is full with it. */
  push(counter: number, event: Buffer): boolean {
    let batch = this.#filling;
    if (batch.events.length === 0) batch.first = counter;
    else if (counter !== batch.first + batch.events.length) {
      this.#full.push(batch);
      batch = this.#filling = newBatch(counter);
    }
    batch.events.push(event);
    batch.bytes += event.length;
    this.count += 1;
    this.bytes += event.length;
    if (!isFull(batch)) return false;
    this.#full.push(batch);
    this.#filling = newBatch(0);
    return true;
  }

  /** Takes the first batch. */
  take(): Batch | undefined {
    const batch = this.#full.shift() ?? this.#takeFilling();
    if (batch === undefined) return undefined;
    this.count -= batch.events.length;
    this.bytes -= batch.bytes;
    return batch;
  }

  /** Puts back what was left of the first batch. */
  putBack(batch: Batch): void {
    this.#full.unshift(batch);
    this.count += batch.events.length;
    this.bytes += batch.bytes;
  }

  #takeFilling(): Batch | undefined {
    if (this.#filling.events.length === 0) return undefined;
    const batch = this.#filling;
    this.#filling = newBatch(0);
    return batch;
  }
}
