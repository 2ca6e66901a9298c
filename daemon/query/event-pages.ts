import type { Database, Statement } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { Order, QueryReply, QueryRequest } from '../../shared/messages/query.ts';
import type { TailReset } from '../../shared/messages/tail.ts';
import { NameReader } from '../storage/name-reader.ts';
import { decodeCursor, encodeCursor, type PagePosition } from './cursor.ts';
import { Deadline } from './deadline.ts';
import { type Drive, DriveChooser, matches, type ResolvedFilter, resolveFilter } from './event-filter.ts';
import { type KeyRow, KeyStreams, type KeyStream } from './key-stream.ts';
import { finish, type Steps } from './steps.ts';
import { type EventForm, jsonArray, type JsonPage, PageContent, StoredEvents } from './stored-events.ts';
import { WaitingEvents } from './waiting-events.ts';

/** A page of a tail: events behind an id, in the order of arrival. */
export interface ArrivalPage {
  events: StoredEvent[];
  damaged: number[];
  /** Every event up to this id was looked at. */
  scannedToId: number;
  /** Highest id that was given to an event when the page was read. */
  newestId: number;
  /** Ids on the way that are no longer there. They were given without holes, so a hole is a deletion. */
  lost: TailReset[];
}

/** Rows of the first windows of a page that has to look for its events. The next ones are each twice as long. */
const FIRST_WINDOW_ROWS = 128;
/** The streams of a page share the rows it needs, which one of them may have all of. */
const LEAST_WINDOW_ROWS = 8;

/**
 * Reads events in pages. A page is bounded in rows, payload bytes and time, whatever is asked: when one of them runs
 * out it ends early, with a cursor to go on from.
 */
export class EventPages {
  readonly #databaseId: string;
  readonly #names: NameReader;
  readonly #drives: DriveChooser;
  readonly #streams: KeyStreams;
  readonly #waiting: WaitingEvents;
  readonly #events: StoredEvents;
  readonly #newestId: Statement<[], number>;
  readonly #arrivals: Statement<[number, number, number], KeyRow>;

  constructor(db: Database) {
    this.#databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#names = new NameReader(db);
    this.#drives = new DriveChooser(db);
    this.#streams = new KeyStreams(db);
    this.#waiting = new WaitingEvents(db, this.#streams);
    this.#events = new StoredEvents(db, this.#names);
    // The counter, not max(id): it stays where it was when the newest events are deleted.
    this.#newestId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#arrivals = db.prepare(
      `SELECT id, timestamp, type_id, source_id, action_id, processed, NULL AS data
       FROM event WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
  }

  /** @throws DaybookError invalid_cursor */
  page(request: QueryRequest): QueryReply {
    return finish(this.pageInSteps(request, new Deadline(limits.queryDeadlineMs)));
  }

  /** A page that may be left off between two windows. @throws DaybookError invalid_cursor */
  *pageInSteps(request: QueryRequest, deadline: Deadline): Steps<QueryReply> {
    const { list, ...rest } = yield* this.#page(request, deadline, this.#events.asValues);
    return { events: list, ...rest };
  }

  /** The same with its events as the text of a JSON array. @throws DaybookError invalid_cursor */
  *jsonPageInSteps(request: QueryRequest, deadline: Deadline): Steps<JsonPage<QueryReply>> {
    const { list, ...rest } = yield* this.#page(request, deadline, this.#events.asTexts);
    return { eventsJson: jsonArray(list), ...rest };
  }

  *#page<Item>(
    request: QueryRequest,
    deadline: Deadline,
    form: EventForm<Item>,
  ): Steps<Omit<QueryReply, 'events'> & { list: Item[] }> {
    const { order, limit, maxId = Number.MAX_SAFE_INTEGER } = request;
    const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor, this.#databaseId, order);
    const newestId = this.#newestId.get() ?? 0;
    const filter = resolveFilter(request.filter, this.#names);
    if (filter.matchesNothing) return { list: [], cursor: null, partial: false, damaged: [], newestId };

    const isByKeys = maxId >= newestId && filter.actions === undefined && filter.conditions === undefined;
    const otherwise = filter.conditions === undefined ? 'keys' : 'candidates';
    const waiting = this.#waiting.open(filter, order, from, newestId, isByKeys ? 'events' : otherwise);
    const drive = this.#drives.choose(filter);
    const isExact = isByKeys && (waiting !== undefined || decidesAlone(drive, filter));
    const streams = waiting ?? this.#streams.open(drive, filter, order, from, isExact ? 'events' : otherwise);
    // When the index decides alone a window is the page; otherwise rows will be passed over.
    let windowRows = Math.max(Math.ceil((isExact ? limit + 1 : FIRST_WINDOW_ROWS) / streams.length), LEAST_WINDOW_ROWS);

    const events = new PageContent<Item>();
    let last: PagePosition | undefined;
    let partial = false;
    let row = first(streams, order, windowRows);
    while (row !== undefined && events.count < limit) {
      const { key, stream } = row;
      const isWanted = key.id <= maxId && matches(filter, key);
      if (isWanted && !events.add(form.read(key, filter.conditions))) {
        partial = true;
        break;
      }
      stream.take();
      last = { timestamp: key.timestamp, id: key.id };
      const isWindowOver = streams.some(({ isDrained }) => isDrained);
      // To unpack and search a payload can take as long as a window.
      if ((isWindowOver || (isWanted && filter.conditions !== undefined)) && deadline.isOver) {
        partial = true;
        break;
      }
      if (isWindowOver) {
        windowRows = Math.min(2 * windowRows, limits.scanRows);
        yield;
      }
      row = first(streams, order, windowRows);
    }
    const ended = row === undefined;
    return {
      list: events.list,
      damaged: events.damaged,
      cursor: ended || last === undefined ? null : encodeCursor(this.#databaseId, order, last),
      partial,
      newestId,
    };
  }

  /** Events with an id above `afterId`, oldest first. */
  arrivals(afterId: number, requested: EventFilter, maxRows: number): ArrivalPage {
    const deadline = new Deadline(limits.queryDeadlineMs);
    const newestId = this.#newestId.get() ?? 0;
    const filter = resolveFilter(requested, this.#names);
    // What was forgotten may have had such a name: then the holes have to be told.
    if (filter.matchesNothing && !this.#names.someAreForgotten()) {
      return { events: [], damaged: [], lost: [], scannedToId: Math.max(newestId, afterId), newestId };
    }
    const events = new PageContent<StoredEvent>();
    const lost: TailReset[] = [];
    const rows = this.#arrivals.all(afterId, newestId, limits.scanRows);
    let scannedToId = afterId;
    for (const row of rows) {
      if (matches(filter, row)) {
        const event = events.count === maxRows ? undefined : this.#events.read(row, filter.conditions);
        if (event === 'gone') continue;
        if (event === undefined || !events.add(event)) break;
      }
      addLost(lost, scannedToId + 1, row.id - 1);
      scannedToId = row.id;
      if (filter.conditions !== undefined && deadline.isOver) break;
    }
    const isAtEnd = rows.length < limits.scanRows && scannedToId >= (rows.at(-1)?.id ?? 0);
    if (isAtEnd && scannedToId < newestId) {
      addLost(lost, scannedToId + 1, newestId);
      scannedToId = newestId;
    }
    return { events: events.list, damaged: events.damaged, lost, scannedToId, newestId };
  }
}

/**
 * Whether every row of the drive's streams matches, within the range of time, when neither actions nor payloads count. Where
 * there is no list of what is unprocessed, that is nearly everything.
 */
function decidesAlone(drive: Drive, filter: ResolvedFilter): boolean {
  return filter.processed !== 1 && (drive.by === 'name' || (filter.types ?? filter.sources) === undefined);
}

function addLost(lost: TailReset[], lostFrom: number, lostTo: number): void {
  if (lostFrom <= lostTo) lost.push({ lostFrom, lostTo });
}

/** The first row of all streams in page order. */
function first(
  streams: readonly KeyStream[],
  order: Order,
  windowRows: number,
): { key: KeyRow; stream: KeyStream } | undefined {
  let best: { key: KeyRow; stream: KeyStream } | undefined;
  for (const stream of streams) {
    const key = stream.peek(windowRows);
    if (key !== undefined && (best === undefined || isBefore(key, best.key, order))) best = { key, stream };
  }
  return best;
}

function isBefore(a: KeyRow, b: KeyRow, order: Order): boolean {
  const difference = a.timestamp - b.timestamp || a.id - b.id;
  return order === 'asc' ? difference < 0 : difference > 0;
}
