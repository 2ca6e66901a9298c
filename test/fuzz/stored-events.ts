import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { identityOf } from '../harness/event-identity.ts';
import type { PlainEvent } from './reference-record.ts';

/** An event that has its timestamp from its sender, or from the daemon. */
export interface TimedEvent extends PlainEvent {
  timestamp: number;
}

interface Row {
  id: number;
  timestamp: number;
  event_type: string;
  action: string | null;
  source: string;
  data_json: string | null;
  data_compressed: Buffer | null;
  hash: string;
}

/** What a running daemon has stored, read from its file. Ids are dense and each row has the hash of its content. */
export class StoredEvents {
  readonly #db: Database;
  readonly #behind: Statement<[number], Row>;
  readonly #identities = new Set<string>();
  #lastId = 0;

  constructor(databasePath: string) {
    this.#db = new Sqlite(databasePath, { readonly: true, fileMustExist: true });
    this.#behind = this.#db.prepare<[number], Row>('SELECT * FROM events WHERE id > ? ORDER BY id');
  }

  /** Rows seen so far. */
  get count(): number {
    return this.#lastId;
  }

  /** Whether a row has been seen that has this key of an event. */
  has(key: string): boolean {
    return this.#identities.has(key);
  }

  /** The rows that were not there at the last look, by id. */
  news(): Map<number, TimedEvent> {
    const news = new Map<number, TimedEvent>();
    for (const row of this.#behind.iterate(this.#lastId)) {
      assert.equal(row.id, this.#lastId + 1, 'ids have no gaps');
      const event = eventOf(row);
      const identity = identityOf(event);
      assert.equal(row.hash, identity, `the hash of event ${row.id}`);
      this.#identities.add(identity).add(untimedKey(event));
      this.#lastId = row.id;
      news.set(row.id, event);
    }
    return news;
  }

  event(id: number): TimedEvent | undefined {
    const row = this.#behind.get(id - 1);
    return row?.id === id ? eventOf(row) : undefined;
  }

  close(): void {
    this.#db.close();
  }
}

/** What two events have in common that differ in their timestamps at most. */
export function untimedKey(event: PlainEvent): string {
  return `untimed ${identityOf({ ...event, timestamp: null })}`;
}

/** Whether the daemon may have given the event its timestamp just now. */
export function isFresh({ timestamp }: TimedEvent): boolean {
  return Math.abs(timestamp - Date.now() / 1000) < 60;
}

/** What an event that was sent is found by. */
export function keyOf(event: PlainEvent): string {
  return event.timestamp === undefined ? untimedKey(event) : identityOf({ ...event, timestamp: event.timestamp });
}

function eventOf({
  timestamp,
  event_type: type,
  source,
  action,
  data_json: text,
  data_compressed: gzip,
}: Row): TimedEvent {
  const json = text ?? gunzipSync(gzip ?? '').toString('utf8');
  return { type, source, action, timestamp, data: JSON.parse(json) as PlainEvent['data'] };
}
