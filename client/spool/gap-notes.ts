import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { reportGaps, type ReportedGap } from '../../shared/messages/report-gaps.ts';
import { Backoff } from '../backoff.ts';
import { type Link, LINK_FAILURES } from '../link.ts';
import { glanceAt, glanceOf } from './event-glance.ts';
import type { GapFile } from './gap-file.ts';
import { type GapRun, GapRuns } from './gap-runs.ts';

export interface GapNotesOptions {
  producer: string;
  epoch: string;
  /** Runs that are kept apart. */
  maxRuns: number;
  /** Where they survive the process; without it they do not. */
  file: GapFile | undefined;
  /** Told each time there is something new to report, a moment later. */
  onNews: () => void;
  onProblem: (error: unknown) => void;
}

const PAUSE_MS = 100;
/** Bytes of one report, well below what a request may have. */
const REPORT_BYTES = limits.controlBodyBytes / 2;

/** Which events of one epoch will never come, until the daemon has acknowledged that. */
export class GapNotes {
  readonly #options: GapNotesOptions;
  readonly #runs: GapRuns;
  readonly #underWay = new Set<GapRun>();
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isSaved = true;
  /** The daemon of this connection will not take them. */
  #isRefused = false;
  /** The file is somebody else's now. */
  #isClosed = false;

  /** @param runs what the file says already */
  constructor(options: GapNotesOptions, runs: readonly GapRun[] = []) {
    this.#options = options;
    this.#runs = new GapRuns(options.maxRuns);
    for (const run of runs) this.#add(run);
  }

  get isEmpty(): boolean {
    return this.#runs.list.length === 0;
  }

  /** Whether the daemon of this connection may take what there is to report. */
  get isDue(): boolean {
    return !this.isEmpty && !this.#isRefused;
  }

  /** Reports at the next chance, without waiting for more. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.save();
  }

  /** One event will not come. @param event as it was given, or its bytes */
  addEvent(counter: number, event: unknown, reason: string): void {
    this.add(counter, counter, [event], reason);
  }

  /** @param beside events of the same time and perhaps source, at least as far as is known */
  add(from: number, to: number, beside: readonly unknown[], reason: string): void {
    const glances = beside.map((event) => (Buffer.isBuffer(event) ? glanceAt(event) : glanceOf(event)));
    const times = glances.map(({ timestampSeconds }) => timestampSeconds).filter((time) => time !== undefined);
    if (times.length === 0) times.push(Date.now() / 1000);
    const [source, ...others] = new Set(glances.map((glance) => glance.source));
    this.#add({
      from,
      to,
      ...(source !== undefined && others.length === 0 && { source }),
      since: Math.min(...times),
      until: Math.max(...times),
      reason,
    });
    this.#isSaved = false;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.save();
      this.#options.onNews();
    }, PAUSE_MS).unref();
  }

  /** Writes the file, if it does not say so already. */
  save(): void {
    if (this.#isSaved || this.#isClosed || this.#options.file === undefined) return;
    try {
      this.#options.file.write(this.#runs.list);
      this.#isSaved = true;
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** Tells the daemon, which has the capability, of all runs that begin before this number, or of all that have ended. */
  report(link: Link, before = Number.POSITIVE_INFINITY): void {
    if (this.#retry !== undefined || this.#isRefused) return;
    // More may follow at once; `onNews` will say so.
    if (before === Number.POSITIVE_INFINITY && this.#timer !== undefined) return;
    let runs: GapRun[] = [];
    let bytes = 0;
    for (const run of this.#runs.list) {
      if (run.from >= before) break;
      if (this.#underWay.has(run)) continue;
      const size = encode(this.#reported(run)).length;
      if (runs.length === limits.gapsPerReport || bytes + size > REPORT_BYTES) {
        this.#send(link, runs);
        runs = [];
        bytes = 0;
      }
      runs.push(run);
      bytes += size;
    }
    if (runs.length > 0) this.#send(link, runs);
  }

  /** There is a new connection. */
  opened(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#isRefused = false;
  }

  /** Stops everything; what is known is in the file. */
  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.save();
    this.#isClosed = true;
  }

  #add(run: GapRun): void {
    this.#runs.add(run, (other) => this.#underWay.has(other));
  }

  #reported(run: GapRun): ReportedGap {
    const { producer, epoch } = this.#options;
    return { producer, epoch, ...run };
  }

  #send(link: Link, runs: readonly GapRun[]): void {
    for (const run of runs) this.#underWay.add(run);
    link.request({
      kind: reportGaps.kind,
      body: encode({ gaps: runs.map((run) => this.#reported(run)) }),
      isRepeatable: false,
      onReply: () => {
        this.#backoff.reset();
        for (const run of runs) {
          this.#underWay.delete(run);
          this.#runs.delete(run);
        }
        this.#isSaved = false;
        this.save();
        this.#options.onNews();
      },
      onError: (error) => {
        for (const run of runs) this.#underWay.delete(run);
        // The next connection brings the next try.
        if (LINK_FAILURES.has(error.code)) return;
        if (error.retryable) this.#tryLater();
        else this.#isRefused = true;
      },
    });
  }

  #tryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#options.onNews();
    }, this.#backoff.next()).unref();
  }
}
