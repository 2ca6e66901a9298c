import type { Database, Statement } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { QueryReply, QueryRequest } from '../../shared/messages/query.ts';
import { NameReader } from '../storage/name-reader.ts';
import { unpackPayload } from '../storage/payload.ts';
import { decodeCursor, encodeCursor, type PagePosition } from './cursor.ts';
import { DriveChooser, matches, resolveFilter } from './event-filter.ts';
import { type KeyRow, KeyStreams, type KeyStream } from './key-stream.ts';

/** A page of a tail: events behind an id, in the order of arrival. */
export interface ArrivalPage {
  events: StoredEvent[];
  /** Every event up to this id was looked at. */
  scannedToId: number;
  /** Highest id that was given to an event when the page was read. */
  newestId: number;
  /** Lowest id in the database; 0 when it is empty. */
  oldestId: number;
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
  readonly #oldestId: Statement<[], number>;
  readonly #arrivals: Statement<[number, number, number], KeyRow>;

  constructor(db: Database) {
    this.#databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#names = new NameReader(db);
    this.#drives = new DriveChooser(db);
    this.#streams = new KeyStreams(db);
    this.#payload = db.prepare<[number], string | Buffer>('SELECT data FROM event WHERE id = ?').pluck();
    // The counter, not max(id): it stays where it was when the newest events are deleted.
    this.#newestId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#oldestId = db.prepare<[], number>('SELECT coalesce(min(id), 0) FROM event').pluck();
    this.#arrivals = db.prepare(
      `SELECT id, timestamp, type_id, source_id, action_id, octet_length(data) AS size
       FROM event WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
  }

  /** @throws DaybookError invalid_cursor */
  page(request: QueryRequest): QueryReply {
    const { order, limit } = request;
    const from = request.cursor === undefined ? undefined : decodeCursor(request.cursor, this.#databaseId, order);
    const newestId = this.#newestId.get() ?? 0;
    const filter = resolveFilter(request.filter, this.#names);
    if (filter.matchesNothing) return { events: [], cursor: null, partial: false, newestId };

    const drive = this.#drives.choose(filter);
    const streams = this.#streams.open(drive, filter, order, from, request.maxId ?? Number.MAX_SAFE_INTEGER);
    // When the index decides alone a window is the page; otherwise rows will be passed over.
    const decidesAlone =
      filter.actions === undefined &&
      (drive.by === 'time' || filter.types === undefined || filter.sources === undefined);
    const windowRows = decidesAlone ? limit + 1 : limits.scanRows;
    const deadline = performance.now() + limits.queryDeadlineMs;

    const events: StoredEvent[] = [];
    let bytes = 0;
    let last: PagePosition | undefined;
    let partial = false;
    let row = first(streams, order, windowRows);
    while (row !== undefined && events.length < limit) {
      if (matches(filter, row.key)) {
        if (events.length > 0 && bytes + row.key.size > limits.pageBytes) {
          partial = true;
          break;
        }
        const event = this.#event(row.key);
        if (event !== undefined) events.push(event);
        bytes += row.key.size;
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
      events,
      cursor: ended || last === undefined ? null : encodeCursor(this.#databaseId, order, last),
      partial,
      newestId,
    };
  }

  /** Events with an id above `afterId`, oldest first. */
  arrivals(afterId: number, requested: EventFilter, maxRows: number): ArrivalPage {
    const newestId = this.#newestId.get() ?? 0;
    const oldestId = this.#oldestId.get() ?? 0;
    const filter = resolveFilter(requested, this.#names);
    if (filter.matchesNothing) return { events: [], scannedToId: newestId, newestId, oldestId };
    const events: StoredEvent[] = [];
    const rows = this.#arrivals.all(afterId, newestId, limits.scanRows);
    let scannedToId = rows.length < limits.scanRows ? Math.max(newestId, afterId) : afterId;
    let bytes = 0;
    for (const row of rows) {
      if (matches(filter, row)) {
        if (events.length === maxRows || (events.length > 0 && bytes + row.size > limits.pageBytes)) {
          return { events, scannedToId: row.id - 1, newestId, oldestId };
        }
        const event = this.#event(row);
        if (event !== undefined) events.push(event);
        bytes += row.size;
      }
      scannedToId = Math.max(scannedToId, row.id);
    }
    return { events, scannedToId, newestId, oldestId };
  }

  /** Undefined when retention took the row since its key was read. */
  #event(key: KeyRow): StoredEvent | undefined {
    const kept = this.#payload.get(key.id);
    if (kept === undefined) return undefined;
    return {
      id: key.id,
      timestamp: key.timestamp,
      type: this.#names.text('type', key.type_id),
      source: this.#names.text('source', key.source_id),
      ...(key.action_id !== null && { action: this.#names.text('action', key.action_id) }),
      data: unpackPayload(kept),
    };
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
