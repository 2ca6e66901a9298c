import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { ForgetReply, ForgetRequest } from '../../shared/messages/forget.ts';
import { partOf } from '../search/index-parts.ts';
import type { EventStore } from '../storage/event-store.ts';
import { Forgettings } from '../storage/forgettings.ts';
import type { NameTable } from '../storage/name-table.ts';
import { forgetNames, forgetSamples, type NameKey, renameAll } from './forget-names.ts';
import type { Task } from '../maintenance/tasks.ts';

interface EventRow {
  timestamp: number;
  hash: Buffer;
  type_id: number;
  source_id: number;
  action_id: number | null;
  /** Bytes of the payload as it is kept. */
  size: number;
}

export interface ForgetParts {
  db: Database;
  store: EventStore;
  names: NameTable;
}

/** Events that a slice deletes at most, and the share of its time that it spends on them. */
const SLICE_EVENTS = 1_000;
const ROWS_SHARE = 1 / 3;

/**
 * Deletes events and patterns, in transactions that also hold their tombstones: at no moment is an event gone that could
 * come back. What the rows leave in their pages is overwritten.
 */
export function* forgetEvents(parts: ForgetParts, request: Omit<ForgetRequest, 'databaseId'>): Task<ForgetReply> {
  const { ids, patternIds } = request;
  const work = new Deletion(parts);
  const reply = { events: 0, patterns: 0, names: 0 };
  let at = 0;
  do {
    const done = work.slice(ids, at, at === 0 ? patternIds : []);
    at = done.nextIndex;
    reply.events += done.events;
    reply.patterns += done.patterns;
    reply.names += done.names;
    yield;
  } while (at < ids.length);
  return { ...reply, unfinished: work.isUnfinished };
}

class Deletion {
  readonly #parts: ForgetParts;
  readonly #forgettings: Forgettings;
  readonly #find: Statement<[number], EventRow>;
  readonly #delete: Statement<[number]>;

  constructor(parts: ForgetParts) {
    this.#parts = parts;
    this.#forgettings = new Forgettings(parts.db);
    this.#find = parts.db.prepare(
      `SELECT timestamp, hash, type_id, source_id, action_id, octet_length(data) AS size FROM event WHERE id = ?`,
    );
    this.#delete = parts.db.prepare('DELETE FROM event WHERE id = ?');
  }

  get isUnfinished(): boolean {
    return this.#forgettings.unfinished() !== undefined;
  }

  slice(ids: readonly number[], from: number, patternIds: readonly number[]) {
    const { db, store, names } = this.#parts;
    return overwriting(db, () => {
      store.begin('full');
      try {
        const { nextIndex, gone, touched } = this.#deleteEvents(ids, from);
        store.saveCounts();
        const events = gone.length;
        const patterns = this.#deletePatterns(gone, patternIds);
        const renamed = forgetNames(db, touched);
        if (events + patterns > 0) {
          const indexParts = gone.map((id) => partOf(id).number);
          this.#forgettings.add({ events, patterns, names: renamed.length, indexParts }, Date.now() / 1000);
        }
        store.commit();
        renameAll(renamed, names, store.gaps);
        return { nextIndex, events, patterns, names: renamed.length };
      } catch (error) {
        store.rollback();
        throw error;
      }
    });
  }

  #deleteEvents(ids: readonly number[], from: number) {
    const { store } = this.#parts;
    const endMs = performance.now() + limits.maintenanceSliceMs * ROWS_SHARE;
    const gone: number[] = [];
    const touched = new Map<string, NameKey>();
    let nextIndex = from;
    while (nextIndex < ids.length && nextIndex - from < SLICE_EVENTS && performance.now() < endMs) {
      const id = ids[nextIndex] as number;
      nextIndex += 1;
      const row = this.#find.get(id);
      if (row === undefined) continue;
      this.#delete.run(id);
      store.tombstones.add(row.hash);
      const { timestamp, type_id: typeId, source_id: sourceId, action_id: actionId, size } = row;
      store.noteRemoved({ timestamp, typeId, sourceId, actionId }, size);
      gone.push(id);
      touched.set(`type ${typeId}`, { kind: 'type', id: typeId });
      touched.set(`source ${sourceId}`, { kind: 'source', id: sourceId });
      if (actionId !== null) touched.set(`action ${actionId}`, { kind: 'action', id: actionId });
    }
    return { nextIndex, gone, touched: [...touched.values()] };
  }

  #deletePatterns(eventIds: readonly number[], patternIds: readonly number[]): number {
    if (eventIds.length + patternIds.length === 0) return 0;
    const { db } = this.#parts;
    const deleted = db
      .prepare<[string, string]>(
        `DELETE FROM patterns WHERE id IN (SELECT value FROM json_each(?))
         OR event_id IN (SELECT value FROM json_each(?))`,
      )
      .run(JSON.stringify(patternIds), JSON.stringify(eventIds)).changes;
    if (deleted > 0) forgetSamples(db, 'patterns');
    return deleted;
  }
}

/** Has SQLite write zeros over what is deleted meanwhile. */
export function overwriting<Result>(db: Database, work: () => Result): Result {
  const before = Number(db.pragma('secure_delete', { simple: true }));
  db.pragma('secure_delete = ON');
  try {
    return work();
  } finally {
    db.pragma(`secure_delete = ${['OFF', 'ON', 'FAST'][before] ?? 'OFF'}`);
  }
}
