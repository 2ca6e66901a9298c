import type { Batch, FrameLimits } from '../batch.ts';
import { type DamagedRange, SegmentReader } from './segment-reader.ts';
import { readSpoolFile, removeFile } from './spool-directory.ts';

export interface Segment {
  path: string;
  /** The number of its first event. */
  sequence: number;
  bytes: number;
  /** The number of its last event; 0 when it has none. Undefined until it has been read, unless this process wrote it. */
  last: number | undefined;
}

export interface BacklogOptions {
  epoch: string;
  /** Called before a segment is read or removed: nothing may be appended to it afterwards. */
  onSeal: (segment: Segment) => void;
  /** Events that should be there and are not. */
  onDamage: (range: DamagedRange) => void;
  onRemoved: (segment: Segment) => void;
  onProblem: (error: unknown) => void;
}

/** What the spool holds of one epoch, in segments in order of their numbers, of which no two overlap. */
export class Backlog {
  readonly segments: Segment[] = [];
  readonly #options: BacklogOptions;
  /** Segments that have been read to their end. */
  readonly #done = new WeakSet<Segment>();
  /** Segments that cannot be read now. They stay, for a later process. */
  readonly #unreadable = new WeakSet<Segment>();
  /** Events up to this number are somewhere else, or settled. */
  #after = 0;
  #reading: { segment: Segment; reader: SegmentReader } | undefined;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  add(segment: Segment): void {
    let at = this.segments.length;
    while (at > 0 && (this.segments[at - 1]?.sequence ?? 0) > segment.sequence) at -= 1;
    this.segments.splice(at, 0, segment);
  }

  /** Whether there may be events with numbers above this one. */
  hasAbove(counter: number): boolean {
    // The newest segment answers for all that this process wrote.
    return this.segments.findLast((segment) => this.#isUnread(segment, counter)) !== undefined;
  }

  /** The next batch of events with numbers above `after`. */
  read(after: number, limits: FrameLimits): Batch | undefined {
    for (const segment of this.segments) {
      const batch = this.readSegment(segment, after, limits);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  /** The next batch of one segment; at its end undefined, and `last` is known. */
  readSegment(segment: Segment, after: number, limits: FrameLimits): Batch | undefined {
    if (!this.#isUnread(segment, after)) return undefined;
    this.#after = after;
    const reader = this.#readerOf(segment);
    const batch = reader.read(after, limits);
    if (batch !== undefined) return batch;
    this.#finish(segment, reader);
    this.#reading = undefined;
    this.#done.add(segment);
    return undefined;
  }

  /** Deletes segments whose events are all below this number, which is the first that is not acknowledged. */
  settleBelow(counter: number): void {
    const settled = this.segments.filter(({ last }) => last !== undefined && last < counter);
    for (const segment of settled) if (!this.#unreadable.has(segment)) this.remove(segment);
  }

  remove(segment: Segment): void {
    const at = this.segments.indexOf(segment);
    if (at < 0) return;
    this.#options.onSeal(segment);
    if (this.#reading?.segment === segment) this.#reading = undefined;
    this.segments.splice(at, 1);
    try {
      removeFile(segment.path);
    } catch (error) {
      this.#options.onProblem(error);
    }
    this.#options.onRemoved(segment);
  }

  #isUnread(segment: Segment, after: number): boolean {
    return !this.#done.has(segment) && (segment.last ?? Infinity) > after;
  }

  #readerOf(segment: Segment): SegmentReader {
    if (this.#reading?.segment === segment) return this.#reading.reader;
    this.#options.onSeal(segment);
    let bytes: Buffer;
    try {
      bytes = readSpoolFile(segment.path);
    } catch (error) {
      this.#options.onProblem(error);
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#unreadable.add(segment);
      bytes = Buffer.alloc(0);
    }
    const { sequence } = segment;
    const reader = new SegmentReader(bytes, this.#options.epoch, sequence, (range) => this.#damaged(segment, range));
    this.#reading = { segment, reader };
    return reader;
  }

  #finish(segment: Segment, reader: SegmentReader): void {
    const { lastCounter, isTailDamaged, tail } = reader;
    const from = lastCounter === undefined ? segment.sequence : lastCounter + 1;
    const next = this.segments.find(({ sequence }) => sequence > Math.max(segment.sequence, lastCounter ?? 0));
    const to = segment.last ?? (next === undefined ? from : next.sequence - 1);
    const isShort = isTailDamaged || lastCounter === undefined || segment.last !== undefined;
    if (isShort) this.#damaged(segment, { from, to, beside: tail });
    segment.last ??= lastCounter ?? 0;
  }

  #damaged(segment: Segment, range: DamagedRange): void {
    const from = Math.max(range.from, this.#after + 1);
    const to = Math.min(range.to, segment.last ?? range.to);
    if (from <= to) this.#options.onDamage({ ...range, from, to });
  }
}
