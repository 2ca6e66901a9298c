/**
 * Record requests on their way to the writer: bounded in bytes, first in first out for each sender, senders in turn, so
 * that one who floods waits behind himself. Knows neither sockets nor SQL.
 */
export interface QueuedJob<Job> {
  sender: number;
  bytes: number;
  job: Job;
}

export interface IngestQueueBounds {
  totalBytes: number;
  bytesPerSender: number;
}

/** One sender's jobs; those before `head` are taken. */
interface Line<Job> {
  jobs: QueuedJob<Job>[];
  head: number;
  bytes: number;
}

export class IngestQueue<Job> {
  readonly #bounds: IngestQueueBounds;
  /** Senders with queued jobs, in the order in which they are next served. */
  readonly #lines = new Map<number, Line<Job>>();
  #queuedBytes = 0;

  constructor(bounds: IngestQueueBounds) {
    this.#bounds = bounds;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Takes a job in. A job that has arrived is never refused: `hasRoom` says whether more should be read. */
  push(queued: QueuedJob<Job>): void {
    const line = this.#lines.get(queued.sender) ?? { jobs: [], head: 0, bytes: 0 };
    line.jobs.push(queued);
    line.bytes += queued.bytes;
    this.#lines.set(queued.sender, line);
    this.#queuedBytes += queued.bytes;
  }

  /** Whether this sender may send more. */
  hasRoom(sender: number): boolean {
    return (
      this.#queuedBytes < this.#bounds.totalBytes && (this.#lines.get(sender)?.bytes ?? 0) < this.#bounds.bytesPerSender
    );
  }

  /** Removes jobs of up to `maxBytes`, one from each sender in turn; always at least one when there is any. */
  take(maxBytes: number): QueuedJob<Job>[] {
    const taken: QueuedJob<Job>[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#lines.entries().next();
      if (next.done === true) return taken;
      const [sender, line] = next.value;
      const job = line.jobs[line.head] as QueuedJob<Job>;
      if (taken.length > 0 && bytes + job.bytes > maxBytes) return taken;
      taken.push(job);
      bytes += job.bytes;
      this.#queuedBytes -= job.bytes;
      line.bytes -= job.bytes;
      line.head += 1;
      if (line.head === COMPACT_AFTER) {
        line.jobs.splice(0, line.head);
        line.head = 0;
      }
      // To the end of the row of senders, or out of it.
      this.#lines.delete(sender);
      if (line.head < line.jobs.length) this.#lines.set(sender, line);
    }
  }
}

/** Jobs taken from a line before their places are given back at once. */
const COMPACT_AFTER = 1_024;
