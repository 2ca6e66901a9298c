import type { Database, Statement } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { QueryReply, QueryRequest } from '../../shared/messages/query.ts';
import type { TailReset } from '../../shared/messages/tail.ts';
import { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import { decodeCursor, encodeCursor, type PagePosition } from './cursor.ts';
import { DriveChooser, matches, resolveFilter } from './event-filter.ts';
import { type KeyRow, KeyStreams, type KeyStream } from './key-stream.ts';

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

/**
 * Reads events in pages. A page is bounded in rows, payload bytes and time, whatever is asked: when one of them runs
 * out it ends early, with a cursor to go on from.
 */
export class EventPages {
  readonly #databaseId: string;
  readonly #names: NameReader;
  readonly #drives: DriveChooser;
  readonly #streams: KeyStreams;
  readonly #payload: Statement<[number], string | Buffer>;
  readonly #newestId: Statement<[], number>;
  readonly #arrivals: Statement<[number, number, number], KeyRow>;

  constructor(db: Database) {
    this.#databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#names = new NameReader(db);
    this.#drives = new DriveChooser(db);
    this.#streams = new KeyStreams(db);
    this.#payload = db.prepare<[number], string | Buffer>('SELECT data FROM event WHERE id = ?').pluck();
    // The counter, not max(id): it stays where it was when the newest events are deleted.
    this.#newestId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#arrivals = db.prepare(
      `SELECT id, timestamp, type_id, source_id, action_id FROM event WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
  }

  /** @throws DaybookError invalid_cursor */
  page(request: QueryRequest): QueryReply {
    const { order, limit } = request;
    const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor, this.#databaseId, order);
    const newestId = this.#newestId.get() ?? 0;
    const filter = resolveFilter(request.filter, this.#names);
    if (filter.matchesNothing) return { events: [], cursor: null, partial: false, damaged: [], newestId };

    const drive = this.#drives.choose(filter);
    const streams = this.#streams.open(drive, filter, order, from, request.maxId ?? Number.MAX_SAFE_INTEGER);
    // When the index decides alone a window is the page; otherwise rows will be passed over.
    const decidesAlone =
      filter.actions === undefined &&
      (drive.by === 'time' || filter.types === undefined || filter.sources === undefined);
    const windowRows = decidesAlone ? limit + 1 : limits.scanRows;
    const deadline = performance.now() + limits.queryDeadlineMs;

    const events = new PageContent();
    let last: PagePosition | undefined;
    let partial = false;
    let row = first(streams, order, windowRows);
    while (row !== undefined && events.count < limit) {
      if (matches(filter, row.key) && !events.add(this.#event(row.key))) {
        partial = true;
        break;
      }
      row.stream.take();
      last = { timestamp: row.key.timestamp, id: row.key.id };
      if (streams.some((stream) => stream.isDrained) && performance.now() > deadline) {
        partial = true;
        break;
      }
      row = first(streams, order, windowRows);
    }
    const ended = row === undefined;
    return {
      events: events.list,
      damaged: events.damaged,
      cursor: ended || last === undefined ? null : encodeCursor(this.#databaseId, order, last),
      partial,
      newestId,
    };
  }

  /** Events with an id above `afterId`, oldest first. */
  arrivals(afterId: number, requested: EventFilter, maxRows: number): ArrivalPage {
    const newestId = this.#newestId.get() ?? 0;
    const filter = resolveFilter(requested, this.#names);
    if (filter.matchesNothing) {
      return { events: [], damaged: [], lost: [], scannedToId: Math.max(newestId, afterId), newestId };
    }
    const events = new PageContent();
    const lost: TailReset[] = [];
    const rows = this.#arrivals.all(afterId, newestId, limits.scanRows);
    let scannedToId = afterId;
    for (const row of rows) {
      if (matches(filter, row)) {
        const event = events.count === maxRows ? undefined : this.#event(row);
        if (event === 'gone') continue;
        if (event === undefined || !events.add(event)) break;
      }
      addLost(lost, scannedToId + 1, row.id - 1);
      scannedToId = row.id;
    }
    const isAtEnd = rows.length < limits.scanRows && scannedToId >= (rows.at(-1)?.id ?? 0);
    if (isAtEnd && scannedToId < newestId) {
      addLost(lost, scannedToId + 1, newestId);
      scannedToId = newestId;
    }
    return { events: events.list, damaged: events.damaged, lost, scannedToId, newestId };
  }

  #event(key: KeyRow): SizedEvent | 'gone' | { damagedId: number } {
    const kept = this.#payload.get(key.id);
    // Retention took it since its key was read.
    if (kept === undefined) return 'gone';
    let json: string;
    let data: StoredEvent['data'];
    try {
      json = payloadText(kept);
      data = JSON.parse(json);
    } catch {
      return { damagedId: key.id };
    }
    const event: StoredEvent = {
      id: key.id,
      timestamp: key.timestamp,
      type: this.#names.text('type', key.type_id),
      source: this.#names.text('source', key.source_id),
      ...(key.action_id !== null && { action: this.#names.text('action', key.action_id) }),
      data,
    };
    return { event, bytes: json.length + EVENT_BYTES };
  }
}

interface SizedEvent {
  event: StoredEvent;
  bytes: number;
}

function addLost(lost: TailReset[], lostFrom: number, lostTo: number): void {
  if (lostFrom <= lostTo) lost.push({ lostFrom, lostTo });
}

/** What an event adds to a page besides its payload. */
const EVENT_BYTES = 100;

/** The events of a page, bounded by their size as JSON text: a kept payload may be a thousandth of it. */
class PageContent {
  readonly list: StoredEvent[] = [];
  readonly damaged: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.list.length;
  }

  /** False when the page is full without it. The first event always fits. */
  add(sized: SizedEvent | 'gone' | { damagedId: number }): boolean {
    if (sized === 'gone') return true;
    if ('damagedId' in sized) {
      this.damaged.push(sized.damagedId);
      return true;
    }
    if (this.list.length > 0 && this.#bytes + sized.bytes > limits.pageBytes) return false;
    this.list.push(sized.event);
    this.#bytes += sized.bytes;
    return true;
  }
}

/** The first row of all streams in page order. */
function first(
  streams: readonly KeyStream[],
  order: QueryRequest['order'],
  windowRows: number,
): { key: KeyRow; stream: KeyStream } | undefined {
  let best: { key: KeyRow; stream: KeyStream } | undefined;
  for (const stream of streams) {
    const key = stream.peek(windowRows);
    if (key !== undefined && (best === undefined || isBefore(key, best.key, order))) best = { key, stream };
  }
  return best;
}

function isBefore(a: KeyRow, b: KeyRow, order: QueryRequest['order']): boolean {
  const difference = a.timestamp - b.timestamp || a.id - b.id;
  return order === 'asc' ? difference < 0 : difference > 0;
}
