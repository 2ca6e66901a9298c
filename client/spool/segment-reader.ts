import { type Batch, type FrameLimits, isFull, newBatch } from '../batch.ts';
import { EncodedEvents } from '../encoded-events.ts';
import { RecordScanner, seedOf, type SpoolRecord } from './segment-format.ts';
import { decodeHeader } from './segment-header.ts';

/** Numbers whose records are not there, and what stands beside them. Both ends inclusive. */
export interface DamagedRange {
  from: number;
  to: number;
  beside: readonly Buffer[];
}

/** One segment, all of it in memory, handed out in batches. */
export class SegmentReader {
  readonly #scanner: RecordScanner;
  readonly #sequence: number;
  readonly #onDamage: (range: DamagedRange) => void;
  #held: SpoolRecord | undefined;
  #last: SpoolRecord | undefined;

  /**
   * @param sequence the number of the event that was written first
   * @param onDamage told of numbers that are missing before a record comes out that stands behind them
   */
  constructor(bytes: Buffer, epoch: string, sequence: number, onDamage: (range: DamagedRange) => void) {
    const decoded = decodeHeader(bytes);
    this.#scanner = new RecordScanner(bytes, typeof decoded === 'object' ? decoded.end : 0, seedOf(epoch));
    this.#sequence = sequence;
    this.#onDamage = onDamage;
  }

  /** The highest number so far. */
  get lastCounter(): number | undefined {
    return this.#last?.counter;
  }

  get isTailDamaged(): boolean {
    return this.#scanner.isTailDamaged;
  }

  /** What stands before the damaged tail. */
  get tail(): readonly Buffer[] {
    return this.#last === undefined ? [] : [this.#last.payload];
  }

  /** The next batch of records with numbers above `after`; undefined at the end. */
  read(after: number, limits: FrameLimits): Batch | undefined {
    const events: Buffer[] = [];
    const ends: number[] = [];
    let first = 0;
    let bytes = 0;
    for (let record = this.#peek(); record !== undefined; record = this.#peek()) {
      const { counter, payload } = record;
      if (counter > after) {
        if (events.length === 0) first = counter;
        const isNext = counter === first + events.length;
        if (!isNext || isFull(events.length, bytes) || events.length === limits.events) break;
        if (events.length > 0 && bytes + payload.length > limits.bytes) break;
        events.push(payload);
        bytes += payload.length;
        ends.push(bytes);
      }
      this.#held = undefined;
    }
    if (events.length === 0) return undefined;
    const batch = newBatch(first, new EncodedEvents(Buffer.concat(events), ends));
    return { ...batch, saved: ends.length, isUrgent: true };
  }

  #peek(): SpoolRecord | undefined {
    if (this.#held !== undefined) return this.#held;
    const record = this.#scanner.next();
    if (record === undefined) return undefined;
    const from = this.#last === undefined ? this.#sequence : this.#last.counter + 1;
    if (record.isAfterDamage && from < record.counter) {
      this.#onDamage({ from, to: record.counter - 1, beside: [...this.tail, record.payload] });
    }
    this.#held = record;
    this.#last = record;
    return record;
  }
}
