import { join } from 'node:path';
import type { EncodedEvents } from '../encoded-events.ts';
import type { Lane } from '../lane.ts';
import { Backlog, type Segment } from './backlog.ts';
import { segmentName } from './file-names.ts';
import { GapFile } from './gap-file.ts';
import { GapNotes } from './gap-notes.ts';
import type { GapRun } from './gap-runs.ts';
import { claimOrphans } from './orphans.ts';
import { type Owner, thisProcess } from './owner.ts';
import { encodeRecords, recordOverheadBytes, seedOf } from './segment-format.ts';
import { encodeHeader } from './segment-header.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { SpoolSettings } from './settings.ts';
import { SpoolDirectory } from './spool-directory.ts';

export interface SpoolHooks {
  /** Events that were in the spool and had to go. */
  onDropped: (lane: Lane, count: number) => void;
  /** Events under way of which the spool has no copy any more. */
  onUnsaved: (lane: Lane, events: EncodedEvents) => void;
  /** They have no receipt, and have to go. */
  onGivenUp: (lane: Lane, events: EncodedEvents) => void;
  /** Events that the spool should have and cannot be read. */
  onDamaged: (lane: Lane, count: number) => void;
  /** There are gaps to report. */
  onNews: (lane: Lane) => void;
  onProblem: (error: unknown) => void;
  /** Some time after a failure: the next try. */
  onRetry: () => void;
}

const SEGMENT_BYTES = 1024 * 1024;
const LEAST_SEGMENTS = 8;
const MAX_GAP_RUNS = 1_000;
/** After a failure the spool is left alone for so long. */
const BROKEN_MS = 1_000;
/** What other processes have written and deleted is looked up again after so long. */
const RECOUNT_MS = 100;

/**
 * The part of a client on disk: what it has of this process, and what it takes over from ended ones. It holds the bound
 * of its directory. Nothing here throws; a failure is reported, and for a moment there is no spool.
 */
export class Spool {
  /** Epochs of ended processes, the oldest first. */
  readonly orphans: Lane[] = [];
  readonly #own: Lane;
  readonly #settings: SpoolSettings;
  readonly #hooks: SpoolHooks;
  readonly #directory: SpoolDirectory;
  #knownMe: Owner | undefined;
  #knownHeader: Buffer | undefined;
  readonly #seed: number;
  readonly #segmentBytes: number;
  #current: { segment: Segment; writer: SegmentWriter } | undefined;
  #usedBytes = 0;
  #countedMs = Number.NEGATIVE_INFINITY;
  #claimedMs = Number.NEGATIVE_INFINITY;
  /** Until then the spool is left alone. */
  #broken: NodeJS.Timeout | undefined;

  constructor(settings: SpoolSettings, own: Lane, hooks: SpoolHooks) {
    this.#own = own;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#directory = new SpoolDirectory(settings.directory);
    this.#seed = seedOf(own.epoch);
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(settings.maxBytes / LEAST_SEGMENTS));
    this.furnish(own, false);
  }

  /** Whether something has failed a moment ago. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Tries again at once: there will be no later. */
  mend(): void {
    clearTimeout(this.#broken);
    this.#broken = undefined;
  }

  /** What an event takes in the spool. */
  static bytesOf(eventBytes: number): number {
    return eventBytes + recordOverheadBytes;
  }

  /** Whether this many bytes could be appended. */
  hasRoom(bytes: number): boolean {
    if (this.isBroken) return false;
    if (this.#fits(bytes)) return true;
    this.#recount();
    if (this.isBroken) return false;
    if (this.#fits(bytes)) return true;
    return this.#settings.whenFull === 'drop-oldest' && this.#fits(bytes, this.#usedBytes - this.#bytesToDrop());
  }

  /** Makes room for one event of this size, by dropping the oldest segments where that is the policy. */
  makeRoom(eventBytes: number): boolean {
    const bytes = Spool.bytesOf(eventBytes);
    if (!this.hasRoom(bytes)) return false;
    while (!this.#fits(bytes)) {
      const oldest = this.#oldest();
      if (oldest === undefined) return false;
      const { lane, segment } = oldest;
      let count = 0;
      lane.drop(
        segment,
        (counter, event) => {
          count += 1;
          lane.notes?.addEvent(counter, event, 'spool_full');
        },
        (events) => this.#hooks.onUnsaved(lane, events),
      );
      this.#hooks.onDropped(lane, count);
    }
    return true;
  }

  /** Appends events of this process, numbered from `first` on. Returns how many, from the front, it has now. */
  append(first: number, events: EncodedEvents): number {
    let done = 0;
    try {
      while (done < events.count && !this.isBroken) {
        const count = this.#appendSome(first + done, events.slice(done));
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      this.#broke(error);
    }
    return done;
  }

  /** Takes over what ended processes of this client have left. */
  claim(): void {
    this.#claimedMs = performance.now();
    try {
      const furnish = this.furnish.bind(this);
      this.orphans.push(...claimOrphans(this.#directory, this.#own.producer, this.#me, furnish));
    } catch (error) {
      this.#hooks.onProblem(error);
    }
  }

  /** Forgets orphans of which nothing is left. */
  forgetDone(): void {
    for (let at = this.orphans.length - 1; at >= 0; at -= 1) {
      if (this.orphans[at]?.isDone === true) this.orphans.splice(at, 1);
    }
  }

  /** Gives a lane its place on disk. */
  furnish(lane: Lane, hasGapFile: boolean, runs: readonly GapRun[] = []): Backlog {
    const { producer, epoch } = lane;
    const onProblem = (error: unknown) => this.#hooks.onProblem(error);
    const options = {
      producer,
      epoch,
      maxRuns: Math.min(MAX_GAP_RUNS, Math.floor(this.#settings.maxBytes / 1024)),
      file: new GapFile(this.#directory, lane, () => this.#me, hasGapFile),
      onNews: () => this.#hooks.onNews(lane),
      onProblem,
    };
    const notes = new GapNotes(options, runs);
    const backlog = new Backlog({
      epoch,
      onSeal: (segment) => this.#seal(segment),
      onDamage: ({ from, to, beside }) => {
        notes.add(from, to, beside, 'spool_damaged');
        this.#hooks.onDamaged(lane, to - from + 1);
      },
      onRemoved: ({ bytes }) => {
        this.#usedBytes -= bytes;
      },
      onProblem,
    });
    lane.notes = notes;
    lane.backlog = backlog;
    lane.onGivenUp = (first, events) => {
      let counter = first;
      for (const event of events) notes.addEvent(counter++, event, 'spool_full');
      this.#hooks.onGivenUp(lane, events);
    };
    return backlog;
  }

  /** Has everything on disk before the process ends. */
  sync(): void {
    for (const lane of [this.#own, ...this.orphans]) lane.notes?.save();
    try {
      this.#current?.writer.sync();
    } catch (error) {
      this.#hooks.onProblem(error);
    }
  }

  /** Leaves everything to whoever comes next. */
  close(): void {
    this.mend();
    this.sync();
    this.#current?.writer.close();
    this.#current = undefined;
    for (const lane of [this.#own, ...this.orphans]) lane.notes?.close();
    try {
      const mine = new Set([this.#own, ...this.orphans].map(({ epoch }) => epoch));
      for (const file of this.#directory.list().files) {
        const { owner, epoch } = file.name;
        const isMine = owner !== 'free' && owner.pid === this.#me.pid && owner.start === this.#me.start;
        if (isMine && mine.has(epoch)) this.#directory.claim(file, 'free');
      }
      this.#directory.tidy();
    } catch (error) {
      this.#hooks.onProblem(error);
    }
  }

  /** Asked for when it is needed: it may take a process. */
  get #me(): Owner {
    return (this.#knownMe ??= thisProcess());
  }

  get #header(): Buffer {
    const { producer, epoch } = this.#own;
    return (this.#knownHeader ??= encodeHeader({ producer, epoch, writer: this.#me }));
  }

  #appendSome(first: number, events: EncodedEvents): number {
    const current = this.#segmentFor(first, Spool.bytesOf(events.at(0)?.length ?? 0));
    if (current === undefined) return 0;
    const { segment, writer } = current;
    let count = 0;
    let bytes = 0;
    for (const { length } of events) {
      const size = Spool.bytesOf(length);
      const isOver = writer.size + bytes + size > this.#segmentBytes && (count > 0 || segment.last !== 0);
      if (isOver || this.#usedBytes + bytes + size > this.#settings.maxBytes) break;
      count += 1;
      bytes += size;
    }
    if (count === 0) return 0;
    writer.append(encodeRecords(first, events.slice(0, count), this.#seed));
    segment.last = first + count - 1;
    this.#usedBytes += bytes;
    segment.bytes = writer.size;
    return count;
  }

  /** Where an event with this number goes; undefined when there is no room for it. */
  #segmentFor(counter: number, bytes: number): { segment: Segment; writer: SegmentWriter } | undefined {
    if (this.#current !== undefined) {
      const { segment, writer } = this.#current;
      const { last = 0, sequence } = segment;
      const isFull = writer.size + bytes > this.#segmentBytes && last > 0;
      // Without holes, so that what is written later for a hole is not taken for something read already.
      if (!isFull && counter === (last === 0 ? sequence : last + 1)) return this.#current;
      this.#current = undefined;
      writer.finish();
    }
    this.#recount();
    if (this.isBroken || !this.#fits(bytes)) return undefined;
    const path = join(this.#directory.path, segmentName(this.#own.epoch, counter, this.#me));
    const writer = this.#newWriter(path);
    const segment: Segment = { path, sequence: counter, bytes: writer.size, last: 0 };
    this.#usedBytes += writer.size;
    this.#own.backlog?.add(segment);
    this.#current = { segment, writer };
    return this.#current;
  }

  #newWriter(path: string): SegmentWriter {
    try {
      this.#directory.make();
      return new SegmentWriter(path, this.#header);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Another process has tidied up in between.
      this.#directory.make();
      return new SegmentWriter(path, this.#header);
    }
  }

  #seal(segment: Segment): void {
    if (this.#current?.segment !== segment) return;
    this.#current.writer.close();
    this.#current = undefined;
  }

  /** Whether there is room for this many bytes of records, and the headers of their segments. */
  #fits(bytes: number, usedBytes = this.#usedBytes): boolean {
    if (this.#countedMs === Number.NEGATIVE_INFINITY) return false;
    const headers = 1 + Math.ceil((2 * bytes) / this.#segmentBytes);
    return usedBytes + bytes + headers * this.#header.length <= this.#settings.maxBytes;
  }

  #recount(): void {
    const nowMs = performance.now();
    if (nowMs - this.#countedMs < RECOUNT_MS) return;
    this.#countedMs = nowMs;
    try {
      this.#usedBytes = this.#directory.list().totalBytes;
    } catch (error) {
      this.#broke(error);
    }
  }

  /** All that may be dropped: what live processes have in the same directory may not. */
  #bytesToDrop(): number {
    if (performance.now() - this.#claimedMs > BROKEN_MS) this.claim();
    let bytes = 0;
    for (const lane of [...this.orphans, this.#own]) {
      for (const segment of lane.backlog?.segments ?? []) bytes += segment.bytes;
    }
    return bytes;
  }

  #oldest(): { lane: Lane; segment: Segment } | undefined {
    for (const lane of [...this.orphans, this.#own]) {
      const segment = lane.backlog?.segments[0];
      if (segment !== undefined) return { lane, segment };
    }
    return undefined;
  }

  #broke(error: unknown): void {
    this.#broken ??= setTimeout(() => {
      this.mend();
      this.#hooks.onRetry();
    }, BROKEN_MS).unref();
    this.#hooks.onProblem(error);
  }
}
