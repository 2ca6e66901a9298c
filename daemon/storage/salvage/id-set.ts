const IDS_PER_CHUNK = 65_536;

/** Event ids, a bit each: a million that follow on each other take 128 KiB. */
export class IdSet {
  readonly #chunks = new Map<number, Uint8Array>();
  #smallest = Number.POSITIVE_INFINITY;
  #largest = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Infinity when there is none. */
  get smallest(): number {
    return this.#smallest;
  }

  /** 0 when there is none. */
  get largest(): number {
    return this.#largest;
  }

  add(id: number): void {
    const chunk = Math.floor(id / IDS_PER_CHUNK);
    let bits = this.#chunks.get(chunk);
    if (bits === undefined) {
      bits = new Uint8Array(IDS_PER_CHUNK / 8);
      this.#chunks.set(chunk, bits);
    }
    const offset = id % IDS_PER_CHUNK;
    const byte = bits[offset >> 3] ?? 0;
    const bit = 1 << (offset & 7);
    if ((byte & bit) !== 0) return;
    bits[offset >> 3] = byte | bit;
    this.#size += 1;
    if (id < this.#smallest) this.#smallest = id;
    if (id > this.#largest) this.#largest = id;
  }

  addAll(other: IdSet): void {
    for (const { from, to } of other.ranges(other.smallest, other.largest)) {
      for (let id = from; id <= to; id += 1) this.add(id);
    }
  }

  /** The ids in [from, to], as ranges without a hole, ascending. */
  *ranges(from: number, to: number): Generator<{ from: number; to: number }, void, undefined> {
    let open: { from: number; to: number } | undefined;
    const last = Math.floor(to / IDS_PER_CHUNK);
    const chunks = [...this.#chunks.keys()].filter(
      (chunk) => chunk >= Math.floor(from / IDS_PER_CHUNK) && chunk <= last,
    );
    for (const chunk of chunks.toSorted((a, b) => a - b)) {
      const bits = this.#chunks.get(chunk) ?? new Uint8Array();
      const base = chunk * IDS_PER_CHUNK;
      const end = Math.min(to, base + IDS_PER_CHUNK - 1);
      for (let id = Math.max(from, base); id <= end; id += 1) {
        const offset = id - base;
        if (((bits[offset >> 3] ?? 0) & (1 << (offset & 7))) === 0) continue;
        if (open !== undefined && open.to === id - 1) open.to = id;
        else {
          if (open !== undefined) yield open;
          open = { from: id, to: id };
        }
      }
    }
    if (open !== undefined) yield open;
  }
}
