import { type Batch, cut, dropFirst, type FrameLimits, lastOf } from './batch.ts';
import type { EncodedEvents } from './encoded-events.ts';
import type { Backlog, Segment } from './spool/backlog.ts';
import type { GapNotes } from './spool/gap-notes.ts';

const NO_LIMITS: FrameLimits = { events: Infinity, bytes: Infinity };

/**
 * The events of one epoch on their way to the daemon, in order: those that were sent before and have no receipt, then what
 * the spool has of them, then what is in memory. An event is waiting, then under way, then settled, or waiting again.
 */
export class Lane {
  readonly producer: string;
  #epoch: string | undefined;
  backlog: Backlog | undefined;
  notes: GapNotes | undefined;
  /** Told of events that the spool has given up, and that have no receipt now. */
  onGivenUp: (first: number, events: EncodedEvents) => void = () => undefined;
  /** Was under way, in order. */
  #returned: Batch[] = [];
  readonly #underWay = new Set<Batch>();
  /** The highest number that ever left the spool or the memory. */
  #taken = 0;
  readonly #fromMemory: () => Batch | undefined;

  /** @param epoch a new one unless said */
  constructor(producer: string, epoch?: string, fromMemory: () => Batch | undefined = () => undefined) {
    this.producer = producer;
    this.#epoch = epoch;
    this.#fromMemory = fromMemory;
  }

  get epoch(): string {
    // Loaded when somebody records.
    return (this.#epoch ??= process.getBuiltinModule('node:crypto').randomUUID());
  }

  /** Whether the spool has events of which there is no copy in memory. */
  get hasUnread(): boolean {
    return this.backlog?.hasAbove(this.#taken) ?? false;
  }

  /** Whether the spool and the frames have no events left to be delivered. */
  get isEmpty(): boolean {
    return this.#returned.length + this.#underWay.size === 0 && !this.hasUnread;
  }

  /** Whether neither events nor gaps are left to be delivered. */
  get isDone(): boolean {
    return this.isEmpty && (this.notes?.isEmpty ?? true);
  }

  /** The next batch to be sent; it is under way then. */
  next(limits: FrameLimits): Batch | undefined {
    const batch = this.#returned.shift() ?? this.backlog?.read(this.#taken, limits) ?? this.#fromMemory();
    if (batch === undefined) {
      this.#release();
      return undefined;
    }
    this.#taken = Math.max(this.#taken, lastOf(batch));
    const rest = cut(batch, limits);
    if (rest !== undefined) this.#returned.unshift(rest);
    this.#underWay.add(batch);
    return batch;
  }

  /** There was no receipt. */
  giveBack(batch: Batch): void {
    this.#underWay.delete(batch);
    const { first, bared } = batch;
    batch.bared = 0;
    if (bared > 0) this.onGivenUp(first, dropFirst(batch, bared));
    batch.isUrgent = true;
    const returned = [...this.#returned, batch].filter(({ events }) => events.count > 0);
    this.#returned = returned.toSorted((a, b) => a.first - b.first);
    this.#release();
  }

  /** There is a receipt. */
  settle(batch: Batch): void {
    this.#underWay.delete(batch);
    this.#release();
  }

  /** Batches that were sent, or will be again, of which the spool has not had every event. In order. */
  unsaved(): Batch[] {
    return this.#sent().filter(({ events, saved, bared }) => saved < events.count && bared === 0);
  }

  /** Numbers of events that were sent, or will be again, and that are in memory only. In order, both ends inclusive. */
  inMemoryOnly(): { first: number; events: EncodedEvents }[] {
    return this.#sent().flatMap(({ first, events, saved, bared }) => [
      { first, events: events.slice(0, bared) },
      { first: first + saved, events: events.slice(saved) },
    ]);
  }

  /**
   * Gives up a segment of the spool, and the copies of its events in memory but for those under way: these may arrive.
   * @param onDropped told of each event that will not be delivered, in order
   * @param onUnsaved told of events under way that are in memory only from now on
   */
  drop(
    segment: Segment,
    onDropped: (counter: number, event: Buffer) => void,
    onUnsaved: (events: EncodedEvents) => void,
  ): void {
    const unread: Batch[] = [];
    for (;;) {
      const batch = this.backlog?.readSegment(segment, this.#taken, NO_LIMITS);
      if (batch === undefined) break;
      this.#taken = lastOf(batch);
      unread.push(batch);
    }
    const last = segment.last ?? 0;
    const report = (first: number, events: EncodedEvents) => {
      let counter = first;
      for (const event of events) onDropped(counter++, event);
    };
    for (const batch of this.#returned) {
      const { first } = batch;
      const count = Math.min(batch.saved, last - first + 1);
      if (count > 0) report(first, dropFirst(batch, count));
    }
    this.#returned = this.#returned.filter(({ events }) => events.count > 0);
    for (const { first, events } of unread) report(first, events);
    for (const batch of this.#underWay) {
      const count = Math.min(batch.saved, last - batch.first + 1);
      if (count <= batch.bared) continue;
      onUnsaved(batch.events.slice(batch.bared, count));
      batch.bared = count;
    }
    this.#taken = Math.max(this.#taken, last);
    this.backlog?.remove(segment);
  }

  #sent(): Batch[] {
    return [...this.#underWay, ...this.#returned].toSorted((a, b) => a.first - b.first);
  }

  #release(): void {
    let lowest = this.#taken + 1;
    for (const { first } of this.#underWay) lowest = Math.min(lowest, first);
    for (const { first } of this.#returned) lowest = Math.min(lowest, first);
    this.backlog?.settleBelow(lowest);
  }
}
