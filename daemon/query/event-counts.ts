import type { Database } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { CountReply, CountRequest } from '../../shared/messages/count.ts';
import { NameReader } from '../storage/name-reader.ts';
import { hourOf } from '../storage/tallies.ts';
import { type CountPosition, decodeCountCursor, encodeCountCursor } from './count-cursor.ts';
import { CountGroups, type CountPart, countParts } from './count-groups.ts';
import { notACursor } from './cursor.ts';
import type { Deadline } from './deadline.ts';
import { type Drive, DriveChooser, matches, namesMatch, type ResolvedFilter, resolveFilter } from './event-filter.ts';
import { type GroupColumn, groupColumns, GroupedRows, type RowKey } from './grouped-rows.ts';
import { KeyStreams } from './key-stream.ts';
import type { Steps } from './steps.ts';
import { StoredEvents } from './stored-events.ts';

const NO_IDENTITY = Buffer.alloc(0);

/** One count under way. */
interface Count {
  filter: ResolvedFilter;
  groups: CountGroups;
  columns: GroupColumn[];
  damaged: number;
  /** Where it goes on; undefined when everything was looked at. */
  at: CountPosition | undefined;
}

/**
 * Counts events: whole hours from the counts that are kept, the rest and what they cannot tell from the events. What is
 * counted is bounded in time and in groups, with a cursor to go on from.
 */
export class EventCounts {
  readonly #databaseId: string;
  readonly #names: NameReader;
  readonly #drives: DriveChooser;
  readonly #streams: KeyStreams;
  readonly #events: StoredEvents;
  readonly #eventRows: GroupedRows;
  readonly #hourRows: GroupedRows;

  constructor(db: Database) {
    this.#databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#names = new NameReader(db);
    this.#drives = new DriveChooser(db);
    this.#streams = new KeyStreams(db);
    this.#events = new StoredEvents(db, this.#names);
    this.#eventRows = GroupedRows.ofEvents(db);
    this.#hourRows = GroupedRows.ofHours(db);
  }

  /** @throws DaybookError invalid_cursor */
  *countInSteps({ filter: requested, by, cursor }: CountRequest, deadline: Deadline): Steps<CountReply> {
    const at = cursor === undefined ? { part: 0 } : decodeCountCursor(cursor, this.#databaseId);
    const filter = resolveFilter(requested, this.#names);
    if (filter.matchesNothing || filter.since >= filter.until) {
      return { groups: [], cursor: null, partial: false, damaged: 0 };
    }
    const groups = new CountGroups(this.#names, by);
    const asked = {
      hour: by.includes('hour'),
      type_id: by.includes('type') || filter.types !== undefined,
      source_id: by.includes('source') || filter.sources !== undefined,
      action_id: by.includes('action') || filter.actions !== undefined,
      processed: filter.processed !== undefined,
    };
    const columns = groupColumns.filter((column) => asked[column]);
    const count: Count = { filter, groups, columns, damaged: 0, at };
    const hoursTell = filter.conditions === undefined && filter.processed === undefined;
    const parts = countParts(filter.since, filter.until, hoursTell);
    let partial = false;
    while (count.at !== undefined) {
      const part = parts[count.at.part];
      if (part === undefined) throw notACursor();
      const next = this.#window(count, part, count.at, deadline);
      count.at = next ?? (count.at.part + 1 < parts.length ? { part: count.at.part + 1 } : undefined);
      if (count.at !== undefined && (deadline.isOver || groups.bytes > limits.pageBytes)) {
        partial = true;
        break;
      }
      yield;
    }
    return {
      groups: groups.list,
      cursor: count.at === undefined ? null : encodeCountCursor(this.#databaseId, count.at),
      partial,
      damaged: count.damaged,
    };
  }

  /** Counts some of a part. Where that part goes on; undefined when it is done. */
  #window(count: Count, part: CountPart, at: CountPosition, deadline: Deadline): CountPosition | undefined {
    if (part.from === 'hours') {
      return this.#grouped(count, at, this.#hourRows, [part.firstHour, -1, -1, -1], [part.endHour, -1, -1, -1]);
    }
    const drive = at.drive ?? this.#drives.choose(count.filter);
    if (count.filter.conditions === undefined && drive.by === 'time') {
      return this.#grouped(count, at, this.#eventRows, [part.since, NO_IDENTITY], [part.until, NO_IDENTITY]);
    }
    return this.#judged(count, part, { ...at, drive }, deadline);
  }

  #grouped(
    { filter, groups, columns }: Count,
    at: CountPosition,
    table: GroupedRows,
    first: RowKey,
    last: RowKey,
  ): CountPosition | undefined {
    if (at.key !== undefined && !isLike(at.key, first)) throw notACursor();
    const { rows, next } = table.read(columns, at.key ?? first, last);
    for (const row of rows) if (row.events !== 0 && namesMatch(filter, row)) groups.add(row, row.events);
    return next && { ...at, key: next };
  }

  /** One stream after the other, row by row. */
  #judged(
    count: Count,
    range: { since: number; until: number },
    at: CountPosition & { drive: Drive },
    deadline: Deadline,
  ): CountPosition | undefined {
    const { filter, groups } = count;
    const { drive } = at;
    const one: Drive = drive.by === 'time' ? drive : { by: 'name', pairs: drive.pairs.slice(0, 1) };
    if (at.key !== undefined && !isLike(at.key, [0, 0])) throw notACursor();
    const [timestamp = 0, id = 0] = at.key ?? [];
    const from = at.key && { timestamp: Number(timestamp), id: Number(id) };
    const [stream] = this.#streams.open(
      one,
      range,
      'asc',
      from,
      filter.conditions === undefined ? 'keys' : 'candidates',
    );
    // No event has these names.
    if (stream === undefined) return undefined;
    let row = stream.peek(limits.scanRows);
    while (row !== undefined) {
      if (matches(filter, row)) {
        const event = filter.conditions === undefined ? undefined : this.#events.read(row, filter.conditions);
        if (event === undefined || (typeof event === 'object' && 'item' in event)) {
          groups.add({ ...row, hour: hourOf(row.timestamp) }, 1);
        } else if (typeof event === 'object') count.damaged += 1;
      }
      stream.take();
      const isOver = stream.isDrained || (filter.conditions !== undefined && deadline.isOver);
      if (isOver) return { ...at, key: [row.timestamp, row.id] };
      row = stream.peek(limits.scanRows);
    }
    if (drive.by === 'time' || drive.pairs.length === 1) return undefined;
    return { part: at.part, drive: { by: 'name', pairs: drive.pairs.slice(1) } };
  }
}

function isLike(key: RowKey, other: RowKey): boolean {
  return key.length === other.length && key.every((value, place) => typeof value === typeof other[place]);
}
