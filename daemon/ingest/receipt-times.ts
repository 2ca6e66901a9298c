/** Receipts that are remembered, and for how long. */
const KEPT = 1_024;
const KEPT_MS = 60_000;

export interface ReceiptPercentiles {
  /** Milliseconds; null when no receipt is remembered. */
  p50: number | null;
  p99: number | null;
  /** How many receipts the two are of. */
  receipts: number;
}

/** How long senders waited for their receipts lately: a ring of numbers, which costs nothing until somebody asks. */
export class ReceiptTimes {
  readonly #tookMs = new Float64Array(KEPT);
  readonly #atMs = new Float64Array(KEPT);
  #count = 0;

  /** @param nowMs of a monotonic clock */
  add(tookMs: number, nowMs: number): void {
    const slot = this.#count % KEPT;
    this.#tookMs[slot] = tookMs;
    this.#atMs[slot] = nowMs;
    this.#count += 1;
  }

  percentiles(nowMs: number): ReceiptPercentiles {
    const kept = Math.min(this.#count, KEPT);
    const recent = this.#tookMs
      .subarray(0, kept)
      .filter((_, slot) => nowMs - (this.#atMs[slot] ?? 0) <= KEPT_MS)
      .toSorted();
    // The nearest rank: a time that one of them did take.
    const rank = (share: number) => recent[Math.ceil(share * recent.length) - 1] ?? null;
    return { p50: rank(0.5), p99: rank(0.99), receipts: recent.length };
  }
}
