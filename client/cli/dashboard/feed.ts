import type { Client } from '../../index.ts';
import { ordinaryPace, type Pace } from './duty.ts';
import { type Figures, nothingKnown } from './figures.ts';
import { inTime } from './in-time.ts';
import { LatestEvents } from './latest-events.ts';
import { isOfConnection, Watch } from './watch.ts';

export interface FeedOptions {
  /** Makes a connection that does not come back by itself. @throws DaybookError not_reachable */
  open: () => Promise<Client>;
  /** Something is other than before. */
  onChange: () => void;
  /** How many of the latest events are shown. */
  latest: number;
  /** An ordinary one unless said. */
  pace?: Pace;
}

const FIRST_RETRY_MS = 250;
const MOST_RETRY_MS = 4_000;

/**
 * Keeps figures up to date, over one connection at a time. States: connecting, live, lost (tries again and keeps what was
 * known), paused (no connection), stopped.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #latest: LatestEvents;
  #figures: Figures = nothingKnown;
  #state: 'connecting' | 'live' | 'lost' = 'connecting';
  #asOf: number | null = null;
  #problem: string | undefined;
  #filter = '';
  #isPaused = false;
  #isStopped = false;
  #failures = 0;
  #watch: Watch | undefined;
  /** Ends the pause before the next try. */
  #wake: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#latest = new LatestEvents(options.latest);
  }

  get figures(): Figures {
    return this.#figures;
  }

  get state(): 'connecting' | 'live' | 'lost' {
    return this.#state;
  }

  /** Of when the figures are, seconds; null while there are none. */
  get asOf(): number | null {
    return this.#asOf;
  }

  /** What the daemon did not answer. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** How many of the latest events are shown. */
  set latest(most: number) {
    const isMore = most > this.#latest.most;
    this.#latest.most = most;
    if (isMore) this.#watch?.askLatest(this.#filter);
  }

  /** Part of the name of a type or source that the latest events have; empty for all. */
  set filter(filter: string) {
    this.#filter = filter;
    this.#latest.filter = filter;
    this.#watch?.askLatest(filter);
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    this.#watch?.end();
    this.#wake?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch?.end();
    this.#wake?.();
  }

  /** Resolves when it was stopped. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#isPaused) await this.#pause();
        else await this.#connected(await this.#open());
      } catch (error) {
        if (!isOfConnection(error)) throw error;
        this.#lost();
        const delayMs = FIRST_RETRY_MS * 2 ** this.#failures;
        this.#failures += 1;
        await this.#pause(Math.min(delayMs, MOST_RETRY_MS));
      }
    }
  }

  async #open(): Promise<Client> {
    const opened = this.#options.open();
    try {
      return await inTime(opened);
    } catch (error) {
      // It may come after all, and nobody would close it.
      opened.then((client) => client.close()).catch(() => undefined);
      throw error;
    }
  }

  async #connected(client: Client): Promise<void> {
    const watch = new Watch({
      client,
      latest: this.#latest,
      figures: this.#figures,
      pace: this.#options.pace ?? ordinaryPace,
      onFigures: (figures, problem) => this.#live(figures, problem),
    });
    watch.askLatest(this.#filter);
    this.#watch = watch;
    try {
      if (!this.#isStopped && !this.#isPaused) await watch.run();
    } finally {
      this.#watch = undefined;
      watch.end();
      // Nothing is lost with it, and a daemon that hangs is not waited for.
      client.close({ timeoutMs: 0 }).catch(() => undefined);
    }
  }

  #live(figures: Figures, problem: string | undefined): void {
    this.#figures = figures;
    this.#problem = problem;
    this.#state = 'live';
    this.#asOf = Date.now() / 1000;
    this.#failures = 0;
    this.#options.onChange();
  }

  #lost(): void {
    if (this.#state === 'live') this.#state = 'lost';
    this.#problem = undefined;
    this.#options.onChange();
  }

  /** @param timeMs until somebody ends it, unless given */
  async #pause(timeMs?: number): Promise<void> {
    if (this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = timeMs === undefined ? undefined : setTimeout(resolve, timeMs);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
