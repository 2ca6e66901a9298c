import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { removeSearchIndex } from './index-file.ts';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.ts';
import { launchIndexer } from './launch-indexer.ts';

export interface IndexerOptions extends Omit<IndexerSettings, 'daemonPid'> {
  onLog: (level: 'info' | 'warn', message: string, reason: string | undefined) => void;
}

/** Events that are worth a burst, and how long fewer of them wait: reading them takes 4 ms, starting the process 100. */
const WORTH_EVENTS = 1_000;
const FEW_WAIT_MS = 600_000;
/** While more than so many events come in this time, the processor is left to those who record. */
const CALM_MS = 100;
const CALM_EVENTS = 200;
/** At most until so many wait: reading them takes half a second, and a second what a flood has brought when they are done. */
const MOST_BEHIND = 100_000;
/** How long the process stays without work: what comes steadily, and is much, shall not start one every few seconds. */
const IDLE_MS = 10_000;
const RETRY_MS = 60_000;
/** How long the end of the daemon waits for a slice. The index survives a SIGKILL as it survives a crash. */
const CLOSE_MS = 500;

/**
 * The daemon's handle on the process that indexes: memory that it took is gone with it, it can leave the processor to
 * others, and where it fails the daemon goes on.
 *
 * States: asleep (no process; nothing to index for a while), idle, going (in the middle of a burst), failed (asleep until a
 * retry), closed. It goes when it is calm again after much has come, when too much waits, or ten minutes after a little
 * has come, and never keeps anybody waiting: what it has not indexed is read.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  #process: ChildProcess | undefined;
  #ready: Promise<void> | undefined;
  #isChecked = false;
  #isGoing = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastId: number;
  /** Events that were not indexed when the last burst was over, of those up to `#countedId`. */
  #behind = Number.POSITIVE_INFINITY;
  #countedId = 0;
  /** Since when events are counted, to know whether it is calm. */
  #watch = { sinceMs: 0, id: 0 };
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  #sleep: NodeJS.Timeout | undefined;
  /** Those who wait until parts are taken out, in the order in which they asked. */
  readonly #forgetting: ((isClear: boolean) => void)[] = [];

  /** Starts the process, to hold the index against the database before either changes; an empty one needs none yet. */
  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#lastId = options.lastId;
    if (options.lastId > 0) this.#go();
    else this.#behind = 0;
  }

  /** Resolves with whether the index may be used. */
  async isUsable(): Promise<boolean> {
    if (!this.#isChecked) await this.#ready;
    return this.#isChecked;
  }

  /** Events up to this id are committed. */
  note(lastId: number): void {
    this.#lastId = lastId;
    if (this.#isGoing || this.#isClosed || this.#retry !== undefined) return;
    const waiting = this.#waiting;
    if (waiting >= MOST_BEHIND) this.#go();
    else if (waiting >= WORTH_EVENTS) this.#goIn(CALM_MS);
    else if (waiting > 0) this.#goIn(FEW_WAIT_MS);
  }

  get #waiting(): number {
    return this.#behind + Math.max(0, this.#lastId - this.#countedId);
  }

  /** Events were deleted: parts of which none is left can go. */
  noteRemoved(): void {
    if (!this.#isGoing) this.#go();
  }

  /** A reader met bytes in the index that cannot have been written. */
  rebuild(): void {
    if (this.#isClosed) return;
    this.#go();
    this.#post({ kind: 'rebuild' });
  }

  /**
   * Takes parts of the index out, so that no trace of their words is left, and has them made again.
   * @throws Error when that could not be done
   */
  async forget(parts: readonly number[] | 'all'): Promise<void> {
    if (this.#isClosed) throw new Error('the daemon is going away');
    this.#go();
    if (this.#process === undefined) {
      // It has failed a moment ago, and nobody has it open to write.
      removeSearchIndex(this.#options.indexPath);
      return;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#forgetting.push(resolve);
    this.#post({ kind: 'forget', parts });
    if (!(await promise)) throw new Error('the search index is in use');
  }

  /** Ends the slice under way and the process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#sleep);
    clearTimeout(this.#retry);
    const child = this.#process;
    this.#end();
    if (child?.pid === undefined) return;
    const killed = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
    await once(child, 'exit');
    clearTimeout(killed);
  }

  /** Goes after this time, or when the time that is set already has passed, if that is less; later if it is not calm then. */
  #goIn(ms: number): void {
    if (this.#timer !== undefined && this.#timerMs <= ms) return;
    clearTimeout(this.#timer);
    this.#startWatch();
    this.#timerMs = ms;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isCalm()) this.#go();
      else this.note(this.#lastId);
    }, ms).unref();
  }

  #startWatch(): void {
    this.#watch = { sinceMs: performance.now(), id: this.#lastId };
  }

  #isCalm(): boolean {
    const { sinceMs, id } = this.#watch;
    return (this.#lastId - id) * CALM_MS <= CALM_EVENTS * (performance.now() - sinceMs);
  }

  #go(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed || this.#retry !== undefined) return;
    clearTimeout(this.#sleep);
    this.#startWatch();
    this.#isGoing = true;
    if (this.#process === undefined) this.#start();
    this.#post({ kind: 'go' });
  }

  #start(): void {
    const { databasePath, indexPath, databaseId, lastId, onLog } = this.#options;
    const settings: IndexerSettings = {
      daemonPid: process.pid,
      databasePath,
      indexPath,
      databaseId,
      lastId: this.#isChecked ? this.#lastId : lastId,
    };
    let child: ChildProcess;
    try {
      child = launchIndexer(settings);
    } catch (error) {
      this.#failed(String(error));
      return;
    }
    this.#process = child;
    const ready = Promise.withResolvers<void>();
    this.#ready = ready.promise;
    let failure: string | undefined;
    child.on('message', (message: FromIndexer) => {
      if (message.kind === 'log') onLog(message.level, message.message, message.reason);
      else if (message.kind === 'failed') failure = message.reason;
      else if (message.kind === 'ready') {
        this.#isChecked = true;
        ready.resolve();
      } else if (message.kind === 'forgotten') this.#forgetting.shift()?.(message.isClear);
      else if (this.#process === child) this.#done(message.behind, message.lastId);
    });
    const ended = (why: string) => {
      ready.resolve();
      if (this.#process === child || this.#isClosed) for (const resolve of this.#forgetting.splice(0)) resolve(false);
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#failed(failure ?? why);
    };
    child.on('error', (error) => ended(`the process failed: ${error.message}`));
    child.on('exit', (exitCode, signal) => ended(`the process ended (${signal ?? exitCode})`));
  }

  #failed(reason: string): void {
    this.#failures += 1;
    const times = this.#failures === 1 ? '' : ` (${this.#failures} times since the start)`;
    this.#options.onLog('warn', 'events are not indexed for now; searching reads them', `${reason}${times}`);
    this.#isGoing = false;
    this.#behind = Number.POSITIVE_INFINITY;
    this.#retryLater();
  }

  /** By itself: nothing may come any more that would be another reason to go. */
  #retryLater(): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#go();
    }, RETRY_MS).unref();
  }

  #done(behind: number, lastId: number): void {
    this.#isGoing = false;
    this.#behind = behind;
    this.#countedId = lastId;
    if (this.#waiting >= WORTH_EVENTS && this.#isCalm()) {
      this.#go();
      return;
    }
    this.note(this.#lastId);
    if (this.#isGoing) return;
    clearTimeout(this.#sleep);
    this.#sleep = setTimeout(() => this.#end(), IDLE_MS).unref();
  }

  #end(): void {
    this.#post({ kind: 'close' });
    this.#process = undefined;
    this.#isGoing = false;
  }

  #post(message: ToIndexer): void {
    // Where it has ended meanwhile, its end says so.
    this.#process?.send(message, () => undefined);
  }
}
