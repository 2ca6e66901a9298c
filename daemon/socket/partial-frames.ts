/** Somebody who has begun a frame and not completed it. */
export interface PartialSender {
  /** Whether it is us who do not read more of it. */
  readonly isPaused: boolean;
}

/**
 * Frames that have begun, of all connections: bounds the memory that senders can claim without ever sending a request.
 * Past the bound the frame that began first has to go; those of honest senders are complete by then.
 */
export class PartialFrames<Sender extends PartialSender> {
  readonly #maxBytes: number;
  /** Bytes by sender, in the order in which the frames began. */
  readonly #bytes = new Map<Sender, number>();
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Notes what a sender has of its frame, 0 for nothing. Returns who has to go, if somebody has to. */
  note(sender: Sender, bytes: number): Sender | undefined {
    this.#totalBytes += bytes - (this.#bytes.get(sender) ?? 0);
    if (bytes === 0) this.#bytes.delete(sender);
    else this.#bytes.set(sender, bytes);
    if (this.#totalBytes <= this.#maxBytes) return undefined;
    for (const candidate of this.#bytes.keys()) if (!candidate.isPaused) return candidate;
    return sender;
  }
}
