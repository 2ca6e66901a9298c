import { existsSync, writeSync } from 'node:fs';
import type { EventInput } from '../shared/event.ts';
import { type Batch, dropFirst, unsavedBytes } from './batch.ts';
import type { EncodedEvents } from './encoded-events.ts';
import { atExit, forgetAtExit } from './exit-hook.ts';
import { Gathered } from './gathered.ts';
import { Lane } from './lane.ts';
import { loadGapNotes, loadSpool } from './spool/load.ts';
import type { GapNotes } from './spool/gap-notes.ts';
import type { SpoolSettings } from './spool/settings.ts';
import type { Spool } from './spool/spool.ts';

export interface StashOptions {
  /** Whose events these are, for the daemon's list of gaps. */
  producer: string;
  /** Bytes of events that may be in memory only. */
  bufferBytes: number;
  /** Where events are while there is no daemon; without it they are in memory only. */
  spool: SpoolSettings | undefined;
  /** Events that were taken and will not be delivered. */
  onLost: (lane: Lane, count: number, why: 'dropped' | 'damaged') => void;
  /** There are gaps to report. */
  onNews: (lane: Lane) => void;
  onProblem: (error: unknown) => void;
  /** The spool may work again. */
  onRetry: () => void;
}

/** What an event takes in the spool besides itself. */
const SPOOL_OVERHEAD_BYTES = 18;
const GAP_RUNS_WITHOUT_SPOOL = 1_000;

/** Where the events of this process are until they have a receipt: in memory, on disk, or both. */
export class Stash {
  readonly lane: Lane;
  readonly #options: StashOptions;
  readonly #gathered = new Gathered();
  #spool: Spool | undefined;
  #cannotSpool: boolean;
  #isHooked = false;
  #isExiting = false;
  /** Events in the spool that have no receipt. */
  spooled = 0;
  /** Bytes of events that are in memory only. */
  #memoryBytes = 0;

  constructor(options: StashOptions) {
    this.#options = options;
    this.#cannotSpool = options.spool === undefined;
    this.lane = new Lane(options.producer, undefined, () => this.#gathered.take());
  }

  /** Whether there is a place on disk, as far as is known. */
  get canSpool(): boolean {
    return !this.#cannotSpool;
  }

  get orphans(): readonly Lane[] {
    return this.#spool?.orphans ?? [];
  }

  /**
   * Why there is no room for an event of this size.
   * @param isSpooling whether events go to the spool at the end of the turn
   */
  obstacleTo(bytes: number, isSpooling: boolean): string | undefined {
    const { bufferBytes } = this.#options;
    if (!isSpooling) {
      if (this.#memoryBytes + bytes <= bufferBytes) return undefined;
      this.save();
    }
    const spool = this.#spool;
    if (spool !== undefined) {
      if (spool.hasRoom(this.#gatheredBytes + bytes + SPOOL_OVERHEAD_BYTES)) return undefined;
      this.save();
      if (spool.hasRoom(this.#gatheredBytes + bytes + SPOOL_OVERHEAD_BYTES)) return undefined;
      if (!spool.isBroken) return 'spool_full';
    }
    return this.#memoryBytes + bytes <= bufferBytes ? undefined : 'buffer_full';
  }

  /** Encodes an event, and returns its bytes; `push` takes it. @throws DaybookError when it can never be stored */
  write(event: EventInput): number {
    return this.#gathered.write(event);
  }

  /** Takes the event that was written last, which has so many bytes. True when it is time to send: its batch is full. */
  push(counter: number, bytes: number): boolean {
    this.#memoryBytes += bytes;
    const isFull = this.#gathered.push(counter);
    if (!this.#isHooked) this.#hookExit();
    if (this.#isExiting) this.save();
    return isFull;
  }

  /** There is a receipt for a batch of this process. */
  settle(batch: Batch): void {
    this.spooled -= batch.saved - batch.bared;
    this.#memoryBytes -= unsavedBytes(batch);
  }

  /** Has the spool take everything that is in memory only, as far as it has room. */
  save(): void {
    const spool = this.open();
    if (spool === undefined) return;
    for (let [batch] = this.lane.unsaved(); batch !== undefined; [batch] = this.lane.unsaved()) {
      if (!this.#saveSome(spool, batch)) return;
    }
    for (let batch = this.#gathered.take(); batch !== undefined; batch = this.#gathered.take()) {
      const isSaved = this.#saveSome(spool, batch);
      dropFirst(batch, batch.saved);
      if (batch.events.count > 0) this.#gathered.putBack(batch);
      if (!isSaved) return;
    }
  }

  /** The spool, made ready. Undefined when there is none. */
  open(): Spool | undefined {
    const { spool: settings, onNews, onProblem, onRetry } = this.#options;
    if (settings === undefined || this.#cannotSpool || this.#spool !== undefined) return this.#spool;
    try {
      this.#spool = new (loadSpool().Spool)(settings, this.lane, {
        onDropped: (lane, count) => this.#lost(lane, count, 'dropped'),
        onDamaged: (lane, count) => this.#lost(lane, count, 'damaged'),
        onUnsaved: (lane, events) => this.#moveToDisk(lane, -events.count, -events.bytes.length),
        onGivenUp: (lane, events) => {
          this.#moveToDisk(lane, events.count, events.bytes.length);
          this.#lost(lane, events.count, 'dropped');
        },
        onNews,
        onProblem,
        onRetry,
      });
    } catch (error) {
      this.#cannotSpool = true;
      onProblem(error);
    }
    return this.#spool;
  }

  /** Takes over what ended processes have left, if there is anything. */
  claim(): void {
    const { spool } = this.#options;
    if (spool !== undefined && (this.#spool !== undefined || existsSync(spool.directory))) this.open()?.claim();
  }

  forgetDone(): void {
    this.#spool?.forgetDone();
  }

  notesOf(lane: Lane): GapNotes {
    if (lane.notes === undefined) this.open();
    const { producer, epoch } = lane;
    return (lane.notes ??= new (loadGapNotes().GapNotes)({
      producer,
      epoch,
      maxRuns: GAP_RUNS_WITHOUT_SPOOL,
      file: undefined,
      onNews: () => this.#options.onNews(lane),
      onProblem: this.#options.onProblem,
    }));
  }

  /** Leaves what is in the spool to whoever comes next. */
  close(): void {
    this.#saveLast();
    forgetAtExit(this.#atExit);
    this.lane.notes?.close();
    this.#spool?.close();
    // What is there belongs to others now.
    this.#spool = undefined;
    this.#cannotSpool = true;
  }

  /** What the gathered events would take in the spool. */
  get #gatheredBytes(): number {
    return this.#gathered.bytes + this.#gathered.count * SPOOL_OVERHEAD_BYTES;
  }

  #saveSome(spool: Spool, batch: Batch): boolean {
    // Making room may drop the beginning of this very batch.
    if (!spool.makeRoom(batch.events.at(batch.saved)?.length ?? 0)) return false;
    const before = unsavedBytes(batch);
    const count = spool.append(batch.first + batch.saved, batch.events.slice(batch.saved));
    batch.saved += count;
    this.#moveToDisk(this.lane, count, before - unsavedBytes(batch));
    return count > 0;
  }

  #moveToDisk(lane: Lane, count: number, bytes: number): void {
    if (lane !== this.lane) return;
    this.spooled += count;
    this.#memoryBytes -= bytes;
  }

  #lost(lane: Lane, count: number, why: 'dropped' | 'damaged'): void {
    if (lane === this.lane) this.spooled -= count;
    this.#options.onLost(lane, count, why);
  }

  #hookExit(): void {
    this.#isHooked = true;
    if (this.canSpool) atExit(this.#atExit);
  }

  readonly #atExit = (): void => {
    this.#isExiting = true;
    this.#saveLast();
    this.#spool?.sync();
    // A warning of the process would come too late.
    if (this.#memoryBytes > 0) writeSync(2, 'daybook: events may be lost: they could not be kept on disk\n');
  };

  /** Has the spool take what it can; the daemon will be told of the rest. */
  #saveLast(): void {
    if (!this.canSpool) return;
    if (this.#memoryBytes > 0) {
      this.#spool?.mend();
      this.save();
    }
    for (const lane of [...this.orphans, this.lane]) {
      for (const { first, events } of lane.inMemoryOnly()) this.#noteLost(lane, first, events);
    }
    for (let batch = this.#gathered.take(); batch !== undefined; batch = this.#gathered.take()) {
      this.#noteLost(this.lane, batch.first, batch.events);
    }
  }

  #noteLost(lane: Lane, first: number, events: EncodedEvents): void {
    const { count } = events;
    if (count === 0) return;
    this.notesOf(lane).add(first, first + count - 1, [events.at(0), events.at(count - 1)], 'spool_full');
  }
}
