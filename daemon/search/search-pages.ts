import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { SearchReply, SearchRequest } from '../../shared/messages/search.ts';
import { isMatch } from '../../shared/search/event-match.ts';
import { Needles } from '../../shared/search/needles.ts';
import { parseSearchQuery, type SearchQuery } from '../../shared/search/search-query.ts';
import type { Deadline } from '../query/deadline.ts';
import { matches, type ResolvedFilter, resolveFilter } from '../query/event-filter.ts';
import type { KeyRow } from '../query/key-stream.ts';
import type { Steps } from '../query/steps.ts';
import {
  type EventForm,
  jsonArray,
  type JsonPage,
  PageContent,
  type ReadEvent,
  StoredEvents,
} from '../query/stored-events.ts';
import { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import { partOf } from './index-parts.ts';
import type { IndexReader } from './index-reader.ts';
import { type IndexQuery, indexQuery } from './match-expression.ts';
import { decodeSearchCursor, encodeSearchCursor } from './search-cursor.ts';

const FIRST_WINDOW_ROWS = 128;
const COLUMNS =
  "id, timestamp, type_id, source_id, action_id, processed, CASE WHEN typeof(data) = 'blob' OR json_valid(data) THEN data END AS data";

interface Asked {
  query: SearchQuery;
  filter: ResolvedFilter;
  index: IndexQuery;
  needles: Needles;
}

/**
 * Finds events by their words, the newest arrival first. What the index covers it answers; what is not indexed yet is
 * read. So an event is found as soon as it is committed, and a lagging or missing index costs time only.
 */
export class SearchPages {
  readonly #databaseId: string;
  readonly #index: IndexReader;
  readonly #names: NameReader;
  readonly #events: StoredEvents;
  readonly #newestId: Statement<[], number>;
  readonly #oldestId: Statement<[], number | null>;
  readonly #row: Statement<[number], KeyRow>;
  readonly #rows: Statement<[number, number, number], KeyRow>;

  constructor(db: Database, index: IndexReader) {
    this.#databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#index = index;
    this.#names = new NameReader(db);
    this.#events = new StoredEvents(db, this.#names);
    this.#newestId = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#oldestId = db.prepare<[], number | null>('SELECT min(id) FROM event').pluck();
    this.#row = db.prepare(`SELECT ${COLUMNS} FROM event WHERE id = ?`);
    this.#rows = db.prepare(`SELECT ${COLUMNS} FROM event WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?`);
  }

  /** @throws DaybookError invalid_cursor, invalid_request, too_large */
  *pageInSteps(request: SearchRequest, deadline: Deadline, useIndex = true): Steps<SearchReply> {
    const { list, ...rest } = yield* this.#page(request, deadline, useIndex, this.#events.asValues);
    return { events: list, ...rest };
  }

  /** The same with its events as the text of a JSON array. @throws DaybookError invalid_cursor, invalid_request, too_large */
  *jsonPageInSteps(request: SearchRequest, deadline: Deadline, useIndex = true): Steps<JsonPage<SearchReply>> {
    const { list, ...rest } = yield* this.#page(request, deadline, useIndex, this.#events.asTexts);
    return { eventsJson: jsonArray(list), ...rest };
  }

  *#page<Item>(
    request: SearchRequest,
    deadline: Deadline,
    useIndex: boolean,
    form: EventForm<Item>,
  ): Steps<Omit<SearchReply, 'events'> & { list: Item[] }> {
    const query = parseSearchQuery(request.query);
    let below =
      request.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeSearchCursor(request.cursor, this.#databaseId);
    const filter = resolveFilter(request.filter, this.#names);
    const found = new PageContent<Item>();
    const oldest = this.#oldestId.get() ?? Number.POSITIVE_INFINITY;
    below = Math.min(below, (this.#newestId.get() ?? 0) + 1);
    if (filter.matchesNothing) below = 0;
    const index = useIndex ? indexQuery(query, filter) : { expression: undefined, isExact: false };
    const asked: Asked = { query, filter, index, needles: new Needles(query) };

    let partial = false;
    let windowRows = FIRST_WINDOW_ROWS;
    page: while (below > oldest) {
      const window = this.#window(asked, below, windowRows);
      for (const candidate of window.candidates) {
        const read = this.#judge(asked, candidate, window.isIndexed, form);
        if (read !== undefined) {
          // One more is there, so the page does not end with the last.
          if (found.count === request.limit) break page;
          if (!found.add(read)) {
            partial = true;
            break page;
          }
        }
        below = typeof candidate === 'number' ? candidate : candidate.id;
        if (deadline.isOver) {
          partial = true;
          break page;
        }
      }
      below = window.below;
      if (below <= oldest) break;
      if (deadline.isOver) {
        partial = true;
        break;
      }
      if (found.count === request.limit && !window.isIndexed) break;
      windowRows = Math.min(2 * windowRows, limits.scanRows);
      yield;
    }
    return {
      list: found.list,
      damaged: found.damaged,
      cursor: below <= oldest ? null : encodeSearchCursor(this.#databaseId, below),
      partial,
    };
  }

  /** Rows to judge, the newest first, and the id above which everything is then looked at. */
  #window({ index, filter }: Asked, below: number, rows: number) {
    const part = partOf(below - 1);
    let floor = part.from - 1;
    if (index.expression !== undefined) {
      const { indexedTo, ids } = this.#index.window(part, below, index.expression, filter, rows);
      if (indexedTo >= below - 1) {
        return { candidates: ids, isIndexed: true, below: ids.length < rows ? part.from : (ids.at(-1) ?? part.from) };
      }
      floor = Math.max(floor, indexedTo);
    }
    const candidates = this.#rows.all(floor, below, rows);
    return {
      candidates,
      isIndexed: false,
      below: candidates.length < rows ? floor + 1 : (candidates.at(-1)?.id ?? floor + 1),
    };
  }

  /** The event when it is what was asked for; undefined when not. */
  #judge<Item>(
    { query, filter, index, needles }: Asked,
    candidate: number | KeyRow,
    isIndexed: boolean,
    form: EventForm<Item>,
  ): ReadEvent<Item> | undefined {
    const row = typeof candidate === 'number' ? this.#row.get(candidate) : candidate;
    // Gone: the index forgets the deleted later.
    if (row === undefined || !matches(filter, row)) return undefined;
    if (row.data !== null && !(isIndexed && index.isExact)) {
      try {
        const json = payloadText(row.data);
        if (!needles.mayMatch(json, this.#namesOf(row))) return undefined;
      } catch {
        // The reading below says that it is damaged.
      }
    }
    const read = form.read(row, filter.conditions);
    if (read === 'gone' || read === 'other') return undefined;
    if ('damagedId' in read) return read;
    return (isIndexed && index.isExact) || isMatch(query, form.eventOf(read.item)) ? read : undefined;
  }

  #namesOf({ type_id, source_id, action_id }: KeyRow): string {
    const names = `${this.#names.text('type', type_id)} ${this.#names.text('source', source_id)}`;
    return action_id === null ? names : `${names} ${this.#names.text('action', action_id)}`;
  }
}
