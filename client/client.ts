import type { Transport } from '../shared/byte-stream.ts';
import { encode } from '../shared/codec.ts';
import { DaybookError } from '../shared/errors.ts';
import type { EventInput, StoredEvent } from '../shared/event.ts';
import { ackCursor, cursors, deleteCursor, type NamedCursor } from '../shared/messages/cursors.ts';
import { canary, type CanaryReply } from '../shared/messages/canary.ts';
import { count } from '../shared/messages/count.ts';
import { declareSource } from '../shared/messages/declare-source.ts';
import { forget, type ForgetReply, forgetTraces, type ForgetTracesReply } from '../shared/messages/forget.ts';
import { type Gap, gaps } from '../shared/messages/gaps.ts';
import { limits } from '../shared/limits.ts';
import { markProcessed } from '../shared/messages/mark-processed.ts';
import type { HelloReply } from '../shared/messages/hello.ts';
import type { MessageKind } from '../shared/messages/message-kind.ts';
import { type Pattern, type PatternFilter, patterns } from '../shared/messages/patterns.ts';
import { query, type QueryReply, type QueryRequest } from '../shared/messages/query.ts';
import type { Durability, Receipt, Rejection } from '../shared/messages/record.ts';
import { type Sample, samples, storeSample, type StoreSampleRequest } from '../shared/messages/samples.ts';
import { sources, type SourcesReply } from '../shared/messages/sources.ts';
import {
  retentionPlan,
  type RetentionPlanReply,
  type RetentionPlanRequest,
  retentionRun,
  type RetentionRunReply,
} from '../shared/messages/retention.ts';
import { stats, type StatsReply } from '../shared/messages/stats.ts';
import { status, type StatusReply } from '../shared/messages/status.ts';
import { storePattern, type StorePatternReply, type StorePatternRequest } from '../shared/messages/store-pattern.ts';
import type { TailPosition } from '../shared/messages/tail.ts';
import { search, type SearchReply, type SearchRequest } from '../shared/messages/search.ts';
import { vacuum, type VacuumReply } from '../shared/messages/vacuum.ts';
import { verify, type VerifyReply, type VerifyRequest } from '../shared/messages/verify.ts';
import { type CountQuery, countEvents, type EventCount } from './count.ts';
import { type GapQuery, queryGaps } from './gaps.ts';
import { Link } from './link.ts';
import { type EventsToMark, given, type Listing, listingPages, markEvents } from './listings.ts';
import { type EventSearch, searchEvents, searchPages } from './search.ts';
import { type EventQuery, queryEvents, queryPages } from './query.ts';
import type { RecordCounters, Recovery } from './record-counters.ts';
import { Recorder } from './record.ts';
import { Replay, type ReplayOptions } from './replay.ts';
import { type SpoolOptions, spoolSettings } from './spool/settings.ts';
import { Tail, type TailOptions } from './tail.ts';

export interface ClientOptions {
  socketPath: string;
  /** Who this is, for the daemon's log and status. */
  clientName: string;
  transport: Transport;
  reconnect: boolean;
  /**
   * Bytes of recorded events that may wait in memory for their receipt. Past it they wait in the spool; without one,
   * `record()` returns false.
   */
  bufferBytes: number;
  /**
   * Keeps recorded events on disk while there is no daemon, beyond the end of the process. The next process with the same
   * `clientName` delivers what is left. `false`: they are in memory only.
   */
  spool: SpoolOptions | false;
  /**
   * Told why events cannot be kept on disk, each thing once; they are in memory only then. Must not throw. A warning of
   * the process unless said.
   */
  onSpoolProblem: (error: unknown) => void;
  /** Have every recorded event committed at once instead of within the daemon's batch timeout (5 s). */
  commitAtOnce: boolean;
  /** Told about each recorded event that the daemon refused. */
  onRejected: (rejection: Rejection) => void;
}

const CLOSE_TIMEOUT_MS = 5_000;

/** A process's line to the daemon. Made by `connect`; usable at once, whether or not the daemon is there. */
export class Client {
  readonly #link: Link;
  readonly #recorder: Recorder;
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#link = new Link({
      socketPath: options.socketPath,
      clientName: options.clientName,
      transport: options.transport,
      reconnect: options.reconnect,
      onOpen: () => this.#recorder.opened(),
      onDown: (error) => this.#recorder.lost(error),
      onDrain: () => this.#recorder.send(),
    });
    const producer = producerName(options.clientName);
    const { spool, socketPath } = options;
    this.#recorder = new Recorder(this.#link, {
      ...options,
      producer,
      spool: spool === false ? undefined : spoolSettings(spool, socketPath, producer),
    });
  }

  /** Resolves when the daemon has greeted. @throws DaybookError not_reachable (without `reconnect`), bad_version */
  ready(): Promise<HelloReply> {
    return this.#link.greeting;
  }

  /**
   * Takes one event and returns at once; it is delivered when the daemon is there. Returns false when there is no room
   * in the spool: the event was not taken, is counted in `counters.dropped`, and the daemon will know of the gap.
   * @throws DaybookError when the event can never be stored (too_large, invalid_data), or `closed`
   */
  record(event: EventInput): boolean {
    if (this.#isClosed) throw new DaybookError('closed', 'the client is closed');
    return this.#recorder.record(event);
  }

  /** Sends events and resolves with their receipt, after COMMIT. @throws DaybookError */
  recordBatch(events: Iterable<EventInput>, options: { durability?: Durability } = {}): Promise<Receipt> {
    return this.#recorder.recordBatch(events, options.durability ?? 'committed');
  }

  /**
   * Delivers what ended processes with this client name have left in the spool, and resolves with what became of it. That
   * happens by itself whenever a connection opens; this waits for it.
   * @throws DaybookError
   */
  recover(options: { onProgress?: (recovery: Recovery) => void } = {}): Promise<Recovery> {
    return this.#recorder.recover(options.onProgress ?? (() => undefined));
  }

  /** Resolves when everything given to `record()` so far has its receipt. @throws DaybookError undelivered */
  flush(): Promise<void> {
    return this.#recorder.flush();
  }

  /** What became of the events given to `record()`. */
  get counters(): Readonly<RecordCounters> {
    return this.#recorder.counters;
  }

  /** One page of events. @throws DaybookError */
  page(request: Partial<QueryRequest>): Promise<QueryReply> {
    return this.#ask(query, request);
  }

  /** All pages of a query, in order. */
  pages(options: EventQuery = {}): AsyncGenerator<QueryReply, void, undefined> {
    return queryPages(options, (request) => this.#ask(query, request));
  }

  /** All events of a query, in order, however many there are. */
  events(options: EventQuery = {}): AsyncGenerator<StoredEvent, void, undefined> {
    return queryEvents(options, (request) => this.#ask(query, request));
  }

  /** How many events there are, by what they have in common. @throws DaybookError */
  count(countQuery: CountQuery = {}): Promise<EventCount[]> {
    return countEvents(countQuery, (request) => this.#ask(count, request));
  }

  /** One page of what a full-text query finds. @throws DaybookError invalid_request when there is no word in it */
  searchPage(request: Partial<SearchRequest> & Pick<SearchRequest, 'query'>): Promise<SearchReply> {
    return this.#ask(search, request);
  }

  /** All pages of a search. */
  searchPages(text: string, options: EventSearch = {}): AsyncGenerator<SearchReply, void, undefined> {
    return searchPages(text, options, (request) => this.#ask(search, request));
  }

  /** All events that a full-text query finds, the newest arrival first. */
  search(text: string, options: EventSearch = {}): AsyncGenerator<StoredEvent, void, undefined> {
    return searchEvents(text, options, (request) => this.#ask(search, request));
  }

  /** Events as they are committed, in that order, from now on or from `after`. */
  tail(options: TailOptions = {}): Tail {
    return new Tail(this.#link, options);
  }

  /** How far named consumers have come. */
  async cursors(): Promise<NamedCursor[]> {
    return (await this.#ask(cursors, {})).cursors;
  }

  /**
   * Moves a named cursor on, for a consumer that does not do so by its tail. Resolves after COMMIT.
   * @throws DaybookError unknown_cursor, invalid_cursor
   */
  async acknowledge(name: string, position: TailPosition): Promise<void> {
    await this.#ask(ackCursor, { name, position });
  }

  /** Forgets a named cursor; false when there was none. @throws DaybookError cursor_in_use */
  async deleteCursor(name: string): Promise<boolean> {
    return (await this.#ask(deleteCursor, { name })).deleted;
  }

  /** What is stored, again, in the order and at the pace in which it happened. */
  replay(options: ReplayOptions = {}): Replay {
    return new Replay(options, {
      ask: (request) => this.#ask(query, request),
      databaseId: async () => (await this.ready()).databaseId,
    });
  }

  stats(): Promise<StatsReply> {
    return this.#ask(stats, {});
  }

  status(): Promise<StatusReply> {
    return this.#ask(status, {});
  }

  /** Which sources there are, and whether they come as they were said to; by name. */
  sources(): Promise<SourcesReply> {
    return this.#ask(sources, {});
  }

  /**
   * Says that a source has an event at least this often as long as the machine is awake, so that its silence is noticed;
   * null takes that back. Kept until it is changed. Resolves after COMMIT.
   * @throws DaybookError invalid_request, too_many_names
   */
  async declareSource(source: string, { cadenceSeconds }: { cadenceSeconds: number | null }): Promise<void> {
    await this.#ask(declareSource, { source, cadence_seconds: cadenceSeconds });
  }

  /** Has the daemon store an event and read it back. @throws DaybookError why that was not possible */
  canary(): Promise<CanaryReply> {
    return this.#ask(canary, {});
  }

  /** What retention would remove now, with the settings in force or with these. Nothing is removed. @throws DaybookError */
  retentionPlan(tried: RetentionPlanRequest = {}): Promise<RetentionPlanReply> {
    return this.#ask(retentionPlan, tried);
  }

  /** Has retention done now, with the settings in force. @throws DaybookError */
  runRetention(): Promise<RetentionRunReply> {
    return this.#ask(retentionRun, {});
  }

  /**
   * Gives free pages of the database back to the file system. `full` writes it anew, and nothing is stored meanwhile.
   * @throws DaybookError disk_full when there is no room for that
   */
  vacuum({ full = false }: { full?: boolean } = {}): Promise<VacuumReply> {
    return this.#ask(vacuum, { full }, !full);
  }

  /** What is known to be missing from the history. */
  gaps(gapQuery: GapQuery = {}): AsyncGenerator<Gap, void, undefined> {
    return queryGaps(gapQuery, (request) => this.#ask(gaps, request));
  }

  /**
   * Holds one page of events against the identity they were stored with; the last page also looks through the file.
   * Repeat with the `afterId` of each reply until it is null.
   */
  verify(request: Partial<VerifyRequest> = {}): Promise<VerifyReply> {
    return this.#ask(verify, request);
  }

  /**
   * Marks events as processed, or takes the mark away: these, or all up to a position that match. Returns how many marks
   * have changed, after COMMIT.
   * @throws DaybookError
   */
  markProcessed(events: EventsToMark, options: { processed?: boolean } = {}): Promise<number> {
    return markEvents(events, options.processed ?? true, (body) => this.#ask(markProcessed, body));
  }

  /**
   * Deletes events and patterns for good, after COMMIT; copies of the events are refused from then on. Ids of what is not
   * there are passed over. `forgetTraces()` belongs behind it.
   * @param what at most `limits.idsPerMark` of either
   * @throws DaybookError
   */
  async forget(what: { ids?: readonly number[]; patternIds?: readonly number[] }): Promise<ForgetReply> {
    const { databaseId } = await this.ready();
    return this.#ask(forget, { databaseId, ...what });
  }

  /**
   * Clears what deleted events have left in the files of the database; takes a while.
   * @param options `thorough`: also what was deleted otherwise, by retention; the full-text index is made anew
   * @throws DaybookError
   */
  async forgetTraces(options: { thorough?: boolean } = {}): Promise<ForgetTracesReply> {
    const { databaseId } = await this.ready();
    return this.#ask(forgetTraces, { databaseId, thorough: options.thorough === true });
  }

  /** Patterns that match, newest first unless said otherwise. */
  async *patterns(which: PatternFilter & Listing = {}): AsyncGenerator<Pattern, void, undefined> {
    for await (const { items } of this.patternPages(which)) yield* items;
  }

  /** The same in pages, each with the cursor behind it. */
  patternPages(which: PatternFilter & Listing = {}): ReturnType<typeof listingPages<Pattern>> {
    const { order, limit, cursor, ...filter } = which;
    return listingPages(given({ order, limit, cursor }), async (page) => {
      const reply = await this.#ask(patterns, { filter, ...page });
      return { items: reply.patterns, cursor: reply.cursor };
    });
  }

  /** Samples of how the system was, newest first unless said otherwise. */
  async *samples(which: { since?: number; until?: number } & Listing = {}): AsyncGenerator<Sample, void, undefined> {
    for await (const { items } of this.samplePages(which)) yield* items;
  }

  /** The same in pages, each with the cursor behind it. */
  samplePages(which: { since?: number; until?: number } & Listing = {}): ReturnType<typeof listingPages<Sample>> {
    const { order, limit, cursor, ...range } = which;
    return listingPages(given({ order, limit, cursor }), async (page) => {
      const reply = await this.#ask(samples, { ...range, ...page });
      return { items: reply.samples, cursor: reply.cursor };
    });
  }

  /** Stores a sample: of now, with the daemon's own figures added, or one from elsewhere as it is. @throws DaybookError */
  async storeSample(sample: StoreSampleRequest = {}): Promise<number> {
    return (await this.#ask(storeSample, sample, sample.timestamp !== undefined)).id;
  }

  /** Stores a pattern. Not repeated after a lost connection: then the outcome is unknown. @throws DaybookError */
  storePattern(pattern: StorePatternRequest): Promise<StorePatternReply> {
    return this.#ask(storePattern, pattern, false);
  }

  /**
   * Delivers what was recorded, then ends the connection. What has no receipt after `timeoutMs` is in the spool then,
   * `counters.spooled` says how much, and the next process with this client name delivers it.
   * @throws DaybookError undelivered with the number of events that have no receipt, and no place in the spool
   */
  async close(options: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, options.timeoutMs ?? CLOSE_TIMEOUT_MS);
    let failure: unknown;
    try {
      await Promise.race([this.#recorder.finish(), timeout.promise]);
    } catch (error) {
      failure = error;
    }
    clearTimeout(timer);
    const left = this.#recorder.close();
    this.#link.close();
    if (left > 0) {
      throw failure ?? new DaybookError('undelivered', `events without a receipt from the daemon: ${left}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask<Request, Reply>(message: MessageKind<Request, Reply>, body: object, isRepeatable = true): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const plain = encode(body);
      const asJson = message.hasJsonPages === true ? encode({ ...body, json: true }) : plain;
      this.#link.request({
        kind: message.kind,
        body: () => (this.#link.can('json-pages') ? asJson : plain),
        isRepeatable,
        onReply: (reply) => resolve(new Promise((parsed) => parsed(message.parseReply(reply)))),
        onError: reject,
      });
    });
  }
}

/** A client name as the daemon takes it for a producer: not empty, well-formed, of bounded length. */
function producerName(clientName: string): string {
  let name = clientName.toWellFormed();
  while (Buffer.byteLength(name) > limits.nameBytes) name = name.slice(0, -1).toWellFormed();
  return name === '' ? 'unnamed' : name;
}
