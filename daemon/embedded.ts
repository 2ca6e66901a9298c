/** What `import … from 'daybook/embedded'` gives: the daemon's own storage in this process, without a daemon. */
import type { Database } from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DaybookError } from '../shared/errors.ts';
import { type EventInput, eventFromEitherForm, type StoredEvent } from '../shared/event.ts';
import { limits } from '../shared/limits.ts';
import type { EventFilter } from '../shared/messages/filter.ts';
import type { Order } from '../shared/messages/query.ts';
import { encodeEvent, encodeRecordBody } from '../shared/messages/record-body.ts';
import type { Receipt, Rejection } from '../shared/messages/record.ts';
import type { DatabaseStats } from '../shared/messages/stats.ts';
import { InstanceLock } from './lifecycle/instance-lock.ts';
import { realDatabasePath } from './lifecycle/private-paths.ts';
import { Retention } from './retention/retention.ts';
import { DatabaseFigures } from './query/database-stats.ts';
import { EventPages } from './query/event-pages.ts';
import { EventStore } from './storage/event-store.ts';
import { NameTable } from './storage/name-table.ts';
import { openWriter } from './storage/open-database.ts';
import { nameEvents } from './writer/name-events.ts';
import { prepareRecordBody } from './prepare/prepare-events.ts';

export type { ErrorCode } from '../shared/errors.ts';
export { DaybookError };
export type { DatabaseStats, EventFilter, EventInput, Receipt, Rejection, StoredEvent };

/** Events validated and committed together. */
const EVENTS_PER_COMMIT = 1_000;
const SECONDS_PER_DAY = 86_400;

/**
 * A Daybook database of this process alone. Events may be canonical or flat. Calls are synchronous: what they return is
 * committed.
 *
 * States: open, closed. While it is open no daemon can use the same file, and the other way round.
 */
export class EventDatabase {
  readonly #db: Database;
  readonly #lock: InstanceLock;
  readonly #names: NameTable;
  readonly #store: EventStore;
  readonly #pages: EventPages;
  readonly #figures: DatabaseFigures;
  readonly #retention: Retention;

  /**
   * Opens the database, a new one if there is none.
   * @throws DaybookError already_running (a daemon has it), newer_schema, foreign_database
   */
  constructor(path: string) {
    const absolute = resolve(path);
    mkdirSync(dirname(absolute), { recursive: true, mode: 0o700 });
    this.#lock = InstanceLock.acquire(`${realDatabasePath(absolute)}.lock`);
    try {
      this.#db = openWriter(absolute);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#names = new NameTable(this.#db, limits.namesPerKind);
    this.#store = new EventStore(this.#db, this.#names);
    this.#pages = new EventPages(this.#db);
    this.#figures = new DatabaseFigures(this.#db);
    this.#retention = new Retention(this.#db, this.#store);
  }

  /** Stores one event; false when it was stored already. @throws DaybookError when it is refused */
  storeEvent(event: EventInput | { [key: string]: unknown }): boolean {
    const { stored, rejected } = this.storeEventsBatch([event]);
    const [rejection] = rejected;
    if (rejection !== undefined) throw new DaybookError(rejection.code, rejection.message);
    return stored === 1;
  }

  /** Stores events in order, and says what became of each. */
  storeEventsBatch(events: readonly (EventInput | { [key: string]: unknown })[]): Receipt {
    const total: Receipt = {
      stored: 0,
      duplicate: 0,
      rejected: [],
      firstId: null,
      lastId: null,
      level: 'committed',
      persisted: true,
    };
    for (let from = 0; from < events.length; from += EVENTS_PER_COMMIT) {
      this.#commit(events.slice(from, from + EVENTS_PER_COMMIT), from, total);
    }
    return total;
  }

  /**
   * Events that match, newest first unless said otherwise; all of them unless `limit` is given.
   * @throws DaybookError damaged
   */
  getEvents(query: EventFilter & { order?: Order; limit?: number } = {}): StoredEvent[] {
    const { order = 'desc', limit = Number.POSITIVE_INFINITY, ...filter } = query;
    const events: StoredEvent[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null && events.length < limit) {
      const rows = Math.min(limit - events.length, limits.pageRows);
      const page = this.#pages.page({ filter, order, limit: rows, ...(cursor !== undefined && { cursor }) });
      const [damaged] = page.damaged;
      if (damaged !== undefined)
        throw new DaybookError('damaged', `event ${damaged} cannot be read: its bytes are damaged`);
      events.push(...page.events);
      cursor = page.cursor;
    }
    return events;
  }

  getDatabaseStats(): DatabaseStats {
    return this.#figures.read(Date.now() / 1000);
  }

  /** Deletes events whose timestamp and arrival are both older than `days`, and returns how many went. */
  cleanupOldEvents(days: number): number {
    let run = this.#retention.begin(Date.now() / 1000 - days * SECONDS_PER_DAY);
    while (!run.isDone) run = this.#retention.slice(run, limits.maintenanceSliceMs);
    return run.removed;
  }

  close(): void {
    this.#db.close();
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #commit(events: readonly (EventInput | { [key: string]: unknown })[], firstIndex: number, total: Receipt): void {
    const nowSeconds = Date.now() / 1000;
    const { encoded, indexes, unencodable } = encodeAll(events);
    // The way of every event, whoever sends it: through its bytes.
    const body = prepareRecordBody(encodeRecordBody(encoded, 'committed', true), nowSeconds);
    const { rows, rejected } = nameEvents(body.events, this.#names);
    this.#store.begin('normal');
    try {
      const { stored, duplicate, firstId, lastId } = this.#store.append(rows, Math.floor(nowSeconds));
      this.#store.commit();
      total.stored += stored;
      total.duplicate += duplicate;
      total.firstId ??= firstId;
      total.lastId = lastId ?? total.lastId;
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
    const refused = rejected.map((rejection) => ({ ...rejection, index: indexes[rejection.index] ?? 0 }));
    for (const rejection of [...unencodable, ...refused].toSorted((a, b) => a.index - b.index)) {
      total.rejected.push({ ...rejection, index: rejection.index + firstIndex });
    }
  }
}

/** The bytes of each event that has some, with its index, and a rejection for every other. */
function encodeAll(events: readonly unknown[]): { encoded: Buffer[]; indexes: number[]; unencodable: Rejection[] } {
  const encoded: Buffer[] = [];
  const indexes: number[] = [];
  const unencodable: Rejection[] = [];
  for (const [index, event] of events.entries()) {
    try {
      encoded.push(encodeEvent(canonical(event)));
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      unencodable.push({ index, code: error.code, message: error.message });
    }
  }
  return { encoded, indexes, unencodable };
}

/** What is no map at all is left to validation, which refuses it alone. */
function canonical(event: unknown): unknown {
  return typeof event === 'object' && event !== null && !Array.isArray(event) ? eventFromEitherForm(event) : event;
}
