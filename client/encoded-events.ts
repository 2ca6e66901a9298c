/** Encoded events, back to back in one piece of memory. Never changes. */
export class EncodedEvents {
  /** All of them. */
  readonly bytes: Buffer;
  /** Where each one ends in `bytes`. */
  readonly #ends: readonly number[];

  constructor(bytes: Buffer, ends: readonly number[]) {
    this.bytes = bytes;
    this.#ends = ends;
  }

  get count(): number {
    return this.#ends.length;
  }

  /** Where the event with this index begins. */
  startOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? this.bytes.length);
  }

  at(index: number): Buffer | undefined {
    const end = this.#ends[index];
    return end === undefined ? undefined : this.bytes.subarray(this.startOf(index), end);
  }

  /** Some of them, in the same memory. */
  slice(from: number, to = this.count): EncodedEvents {
    if (from === 0 && to >= this.count) return this;
    const start = this.startOf(from);
    const ends = this.#ends.slice(from, to).map((end) => end - start);
    return new EncodedEvents(this.bytes.subarray(start, start + (ends.at(-1) ?? 0)), ends);
  }

  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (let index = 0; index < this.count; index += 1)
      yield this.bytes.subarray(this.startOf(index), this.#ends[index]);
  }
}
