import { type Client, DaybookError, type Tail } from '../../index.ts';
import { Duty, type Pace } from './duty.ts';
import type { Figures } from './figures.ts';
import { inTime } from './in-time.ts';
import type { LatestEvents } from './latest-events.ts';
import { Looks } from './looks.ts';

export interface WatchOptions {
  client: Client;
  latest: LatestEvents;
  /** What is shown until the answers are there. */
  figures: Figures;
  pace: Pace;
  /** @param problem what the daemon did not answer, for people */
  onFigures: (figures: Figures, problem: string | undefined) => void;
}

/** Between two looks when none have come lately, and when none have come for a while. */
const QUIET_MS = 10_000;
const IDLE_MS = 30_000;
const IDLE_AFTER_MS = 60_000;
/** Events of a second that are still sent here one by one; past it the newest are asked for instead. */
const MOST_FOLLOWED = 50;
/** Rate at which they are followed again, and how many looks in a row must have found no more. */
const FEW = 25;
const CALM_LOOKS = 3;
/** How long one look may count minutes. */
const COUNTING_MS = 200;

/** What is asked besides `status`, each no more often than it says. */
function dutiesAt(pace: Pace) {
  const { busyMs } = pace;
  return {
    stats: new Duty(busyMs, pace),
    latest: new Duty(busyMs, pace),
    minutes: new Duty(2 * busyMs, pace),
    sources: new Duty(2 * busyMs, pace),
    recount: new Duty(300_000, pace),
    learning: new Duty(60_000, pace),
    learningWhileIdle: new Duty(300_000, pace),
  };
}

/**
 * Looks at the daemon over one connection, until it is ended.
 *
 * States: following (a tail brings each event, and by that says when there is something to ask) and sampling (too many
 * come: the newest are asked for once a second). While nothing comes, only `status` is asked, twice a minute; what passes
 * with time alone is worked out here.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #looks: Looks;
  readonly #due: ReturnType<typeof dutiesAt>;
  readonly #ended = Promise.withResolvers<void>();
  #isEnded = false;
  #filter = '';
  #mustAskLatest = true;
  #tail: Tail | undefined;
  /** Events that the tail has brought since the last look. */
  #arrived = 0;
  #calmLooks = 0;
  /** Highest id stored, and those up to which the rest is known; -1 is nothing. */
  #lastId = -1;
  #known = { stats: -1, minutes: -1, sources: -1 };
  #areMinutesCounted = false;
  /** On the clock of `performance.now()`. */
  #lastLookMs = 0;
  #changedMs = 0;
  #sourcesDueMs = 0;
  #problem: string | undefined;
  /** Ends the pause between two looks: at once, or as soon as another look may be. */
  #wake: (() => void) | undefined;
  #hurry: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#looks = new Looks(options.client, options.figures);
    this.#due = dutiesAt(options.pace);
  }

  /** Shows only what matches, or more of it than before. */
  askLatest(filter: string): void {
    this.#filter = filter;
    this.#mustAskLatest = true;
    this.#wake?.();
  }

  end(): void {
    this.#isEnded = true;
    this.#ended.resolve();
    this.#wake?.();
  }

  /** Resolves when it was ended. @throws DaybookError when the connection is lost */
  async run(): Promise<void> {
    await Promise.race([this.#watch(), this.#ended.promise]);
  }

  async #watch(): Promise<void> {
    this.#follow();
    while (!this.#isEnded) {
      const startedMs = performance.now();
      await this.#look(startedMs);
      await this.#pause(this.#untilNext(performance.now() - this.#changedMs), startedMs + this.#options.pace.busyMs);
    }
  }

  async #look(nowMs: number): Promise<void> {
    const arrived = this.#arrived;
    this.#arrived = 0;
    this.#problem = undefined;
    const id = await this.#ask(() => this.#looks.status());
    if (id === undefined) {
      this.#publish();
      return;
    }
    const isFirst = this.#lastId === -1;
    const events = isFirst ? 0 : Math.max(id - this.#lastId, arrived);
    if (isFirst || events > 0) this.#changedMs = nowMs;
    const perSecond = (events * 1_000) / Math.max(nowMs - this.#lastLookMs, 1);
    this.#lastId = id;
    this.#lastLookMs = nowMs;

    await this.#lookAtStats(nowMs, id);
    await this.#lookAtLatest(nowMs, perSecond);
    this.#publish();
    await this.#lookAtSources(nowMs, id);
    await this.#lookAtMinutes(nowMs, id);
    await this.#lookAtLearning(nowMs);
    this.#publish();
  }

  async #lookAtStats(nowMs: number, id: number): Promise<void> {
    if (this.#known.stats === id || !this.#due.stats.isDue(nowMs)) return;
    await this.#ask(() => this.#due.stats.run(() => this.#looks.stats()));
    this.#known.stats = id;
  }

  async #lookAtLatest(nowMs: number, perSecond: number): Promise<void> {
    if (perSecond > MOST_FOLLOWED && this.#tail !== undefined) {
      void this.#tail.return();
      this.#tail = undefined;
    }
    this.#calmLooks = perSecond < FEW ? this.#calmLooks + 1 : 0;
    const isSampling = this.#tail === undefined;
    if (isSampling && this.#calmLooks >= CALM_LOOKS) this.#follow();
    if (!this.#mustAskLatest && !(isSampling && this.#due.latest.isDue(nowMs))) return;
    this.#mustAskLatest = false;
    const { latest } = this.#options;
    const filter = this.#filter;
    const events = await this.#ask(() => this.#due.latest.run(() => this.#looks.latest(latest.most, filter)));
    if (events !== undefined && filter === this.#filter) latest.add(events);
  }

  async #lookAtSources(nowMs: number, id: number): Promise<void> {
    const isOfNow = this.#known.sources === id && nowMs < this.#sourcesDueMs;
    if (isOfNow || !this.#due.sources.isDue(nowMs)) return;
    await this.#ask(() => this.#due.sources.run(() => this.#looks.sources()));
    this.#known.sources = id;
    this.#sourcesDueMs = performance.now() + this.#looks.secondsToNextState * 1_000;
  }

  async #lookAtMinutes(nowMs: number, id: number): Promise<void> {
    const isOfNow = this.#known.minutes === id && this.#areMinutesCounted;
    if (!isOfNow && this.#due.minutes.isDue(nowMs)) {
      // What came later than its minute is in none of them.
      if (this.#due.recount.isDue(nowMs)) await this.#due.recount.run(async () => this.#looks.recountMinutes());
      const minutes = await this.#ask(() => this.#due.minutes.run(() => this.#looks.minutes(COUNTING_MS)));
      this.#areMinutesCounted = minutes === true;
      this.#known.minutes = id;
    }
    this.#looks.minutesPass(this.#known.minutes === id && this.#areMinutesCounted);
  }

  /** Patterns and samples come without events. */
  async #lookAtLearning(nowMs: number): Promise<void> {
    const isIdle = nowMs - this.#changedMs > IDLE_AFTER_MS;
    const { learning, learningWhileIdle, stats } = this.#due;
    if (!(isIdle ? learningWhileIdle : learning).isDue(nowMs)) return;
    await this.#ask(() => learningWhileIdle.run(() => learning.run(() => this.#looks.learning())));
    if (stats.isDue(performance.now())) await this.#ask(() => stats.run(() => this.#looks.stats()));
  }

  #publish(): void {
    if (this.#isEnded) return;
    this.#options.onFigures({ ...this.#looks.figures, latest: this.#options.latest.list }, this.#problem);
  }

  /**
   * Asks for one thing. What the daemon refuses is named on the screen, and what was known stays.
   * @throws DaybookError when the connection is lost
   */
  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await inTime(ask());
    } catch (error) {
      if (!(error instanceof DaybookError) || isOfConnection(error)) throw error;
      this.#problem = `not answered: ${error.code}`;
      return undefined;
    }
  }

  #follow(): void {
    this.#tail = this.#options.client.tail({ onReset: () => undefined, onDamaged: () => undefined });
    this.#receive(this.#tail).catch((error: unknown) => this.#ended.reject(error));
  }

  async #receive(tail: Tail): Promise<void> {
    for await (const event of tail) {
      this.#arrived += 1;
      if (this.#options.latest.add([event]) && this.#lastId !== -1) this.#publish();
      this.#hurry?.();
    }
  }

  /** How long to wait when nothing comes. */
  #untilNext(quietMs: number): number {
    const { stats, minutes, sources } = this.#known;
    const isAllKnown = [stats, minutes, sources].every((id) => id === this.#lastId) && this.#areMinutesCounted;
    const { busyMs } = this.#options.pace;
    if (!isAllKnown || this.#tail === undefined || quietMs < 2 * busyMs) return busyMs;
    return quietMs < IDLE_AFTER_MS ? QUIET_MS : IDLE_MS;
  }

  /** @param earliestMs when an event may end it, unless there are too many of them */
  async #pause(timeMs: number, earliestMs: number): Promise<void> {
    if (this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    let timer = setTimeout(resolve, timeMs);
    let hurryMs = Number.POSITIVE_INFINITY;
    this.#wake = resolve;
    this.#hurry = () => {
      const dueMs = this.#arrived > MOST_FOLLOWED ? 0 : earliestMs;
      if (dueMs >= hurryMs) return;
      hurryMs = dueMs;
      clearTimeout(timer);
      timer = setTimeout(resolve, Math.max(0, dueMs - performance.now()));
    };
    if (this.#arrived > 0 || this.#mustAskLatest) this.#hurry();
    await promise;
    this.#wake = undefined;
    this.#hurry = undefined;
    clearTimeout(timer);
  }
}

/** Whether a connection is to be made anew. */
export function isOfConnection(error: unknown): boolean {
  const codes = ['not_reachable', 'connection_lost', 'closed', 'too_many_connections', 'shutting_down', 'timeout'];
  return error instanceof DaybookError && codes.includes(error.code);
}
