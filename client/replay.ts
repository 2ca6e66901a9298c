import { DaybookError } from '../shared/errors.ts';
import type { StoredEvent } from '../shared/event.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import { Pace, type ReplayClock, replayClock } from './pace.ts';
import { type AskPage, queryPages, reportDamaged } from './query.ts';

export interface ReplayOptions extends EventFilter {
  /** Times the pace at which the events happened; `max`: as fast as they are taken. 1 unless said. */
  speed?: number | 'max';
  /** Events wanted in all; without it, everything that matches. */
  limit?: number;
  /** Where an earlier replay with the same filter stopped: its `cursor`. */
  cursor?: string;
  /** Told about each event that cannot be read. Without it, one ends the replay with an error. */
  onDamaged?: (id: number) => void;
  /** What tells the time. */
  clock?: ReplayClock;
}

/** What a replay asks the daemon. */
export interface ReplayDaemon {
  ask: AskPage;
  /** Which database there is. */
  databaseId: () => Promise<string>;
}

/** The last event that was handed out. */
interface Position {
  databaseId: string;
  timestamp: number;
  id: number;
}

const GROUP_EVENTS = 500;

/**
 * What is stored, again, in the order and at the pace in which it happened. What is stored after the replay has begun is
 * not part of it. A reader that is slower is waited for.
 */
export class Replay implements AsyncIterableIterator<StoredEvent> {
  readonly #pace: Pace;
  readonly #events: AsyncGenerator<StoredEvent[], void, undefined>;
  #databaseId = '';
  #position: Position | undefined;
  /** Read and not yet handed out, in their order from `#next` on. */
  #page: readonly StoredEvent[] = [];
  #next = 0;
  /** The call before this one. */
  #turn: Promise<unknown> = Promise.resolve();
  #isEnded = false;

  /** @throws DaybookError invalid_request, invalid_cursor */
  constructor(options: ReplayOptions, daemon: ReplayDaemon) {
    const { speed = 1, clock = replayClock, cursor, ...query } = options;
    const times = speed === 'max' ? Number.POSITIVE_INFINITY : speed;
    if (!(times > 0)) throw new DaybookError('invalid_request', "speed must be a number above 0, or 'max'");
    this.#pace = new Pace(times, clock);
    this.#position = cursor === undefined ? undefined : parseCursor(cursor);
    this.#events = this.#pages(query, daemon);
  }

  /** Behind the last event that was handed out; undefined before the first. */
  get cursor(): string | undefined {
    const at = this.#position;
    return at && Buffer.from(JSON.stringify([CURSOR_MARK, at.databaseId, at.timestamp, at.id])).toString('base64url');
  }

  get isPaused(): boolean {
    return this.#pace.isPaused;
  }

  /** Hands out nothing until `resume()`; the distances stay as they are. */
  pause(): void {
    this.#pace.pause();
  }

  resume(): void {
    this.#pace.resume();
  }

  async next(): Promise<IteratorResult<StoredEvent>> {
    const [event] = await this.nextGroup(1);
    return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
  }

  /**
   * The next event when it is due, and with it those right behind it that are due as well. None at the end.
   * @throws DaybookError
   */
  nextGroup(maxEvents = GROUP_EVENTS): Promise<StoredEvent[]> {
    const group = this.#turn.then(() => this.#take(maxEvents));
    this.#turn = group.catch(() => undefined);
    return group;
  }

  return(): Promise<IteratorResult<StoredEvent>> {
    this.#isEnded = true;
    this.#pace.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #take(maxEvents: number): Promise<StoredEvent[]> {
    while (this.#next === this.#page.length) {
      if (this.#isEnded) return [];
      const page = await this.#events.next();
      if (page.done === true) {
        this.#isEnded = true;
        return [];
      }
      this.#page = page.value;
      this.#next = 0;
    }
    const first = this.#page[this.#next];
    if (first === undefined || !(await this.#pace.until(first.timestamp))) return [];
    const from = this.#next;
    const end = Math.min(from + maxEvents, this.#page.length);
    const isDue = (event: StoredEvent | undefined) => event !== undefined && this.#pace.isDue(event.timestamp);
    do this.#next += 1;
    while (this.#next < end && isDue(this.#page[this.#next]));
    const group = this.#page.slice(from, this.#next);
    const last = group.at(-1) ?? first;
    this.#position = { databaseId: this.#databaseId, timestamp: last.timestamp, id: last.id };
    return group;
  }

  async *#pages(
    { limit = Number.POSITIVE_INFINITY, onDamaged, ...filter }: Omit<ReplayOptions, 'speed' | 'clock' | 'cursor'>,
    daemon: ReplayDaemon,
  ): AsyncGenerator<StoredEvent[], void, undefined> {
    const after = this.#position;
    this.#databaseId = await daemon.databaseId();
    if (after !== undefined && after.databaseId !== this.#databaseId) {
      throw new DaybookError('invalid_cursor', 'the cursor is of another database');
    }
    const since = Math.max(filter.since ?? 0, after?.timestamp ?? 0);
    let wanted = limit;
    for await (const page of queryPages({ ...filter, since, order: 'asc', snapshot: true }, daemon.ask)) {
      for (const id of page.damaged) reportDamaged(id, onDamaged);
      const events = page.events.filter(
        ({ timestamp, id }) => after === undefined || timestamp > after.timestamp || id > after.id,
      );
      yield events.slice(0, wanted);
      wanted -= events.length;
      if (wanted <= 0) return;
    }
  }
}

const CURSOR_MARK = 'replay';

/** @throws DaybookError invalid_cursor */
function parseCursor(cursor: string): Position {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    value = undefined;
  }
  const [mark, databaseId, timestamp, id] = Array.isArray(value) ? (value as unknown[]) : [];
  const isWhole = mark === CURSOR_MARK && typeof databaseId === 'string' && typeof timestamp === 'number';
  if (!isWhole || !Number.isSafeInteger(id))
    throw new DaybookError('invalid_cursor', 'this is not a cursor of a replay');
  return { databaseId, timestamp, id: id as number };
}
