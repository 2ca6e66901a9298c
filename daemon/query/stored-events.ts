import type { Database, Statement } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import type { EventConditions } from './event-conditions.ts';
import type { KeyRow } from './key-stream.ts';

/** What an event adds to a page besides its payload. */
const EVENT_BYTES = 100;

/**
 * What became of a row that matches: its event, as a value or as JSON text; `gone` when retention took it since the row
 * was read, `other` when the conditions do not hold for it.
 */
export type ReadEvent<Item> =
  | {
      item: Item;
      /** As JSON text, about. */
      bytes: number;
    }
  | 'gone'
  | 'other'
  | { damagedId: number };

/** In which form the events of a page are wanted. */
export interface EventForm<Item> {
  /** The event of a row that matches, when the conditions hold for it. */
  read: (row: KeyRow, conditions?: EventConditions) => ReadEvent<Item>;
  eventOf: (item: Item) => StoredEvent;
}

/** A reply with its events as the text of a JSON array. */
export type JsonPage<Reply extends { events: unknown }> = Omit<Reply, 'events'> & { eventsJson: string };

export function jsonArray(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

/** Makes events of rows. */
export class StoredEvents {
  readonly #names: NameReader;
  readonly #payload: Statement<[number], string | Buffer>;
  readonly asValues: EventForm<StoredEvent> = {
    read: (row, conditions) => this.read(row, conditions),
    eventOf: (event) => event,
  };

  readonly asTexts: EventForm<string> = {
    read: (row, conditions) => this.#readText(row, conditions),
    eventOf: (text) => JSON.parse(text) as StoredEvent,
  };

  constructor(db: Database, names: NameReader) {
    this.#names = names;
    this.#payload = db.prepare<[number], string | Buffer>('SELECT data FROM event WHERE id = ?').pluck();
  }

  read(row: KeyRow, conditions?: EventConditions): ReadEvent<StoredEvent> {
    const kept = row.data ?? this.#payload.get(row.id);
    if (kept === undefined) return 'gone';
    try {
      const json = payloadText(kept);
      if (conditions?.mayHold(json) === false) return 'other';
      const event = this.#event(row, JSON.parse(json));
      if (conditions?.hold(event) === false) return 'other';
      return { item: event, bytes: json.length + EVENT_BYTES };
    } catch {
      return { damagedId: row.id };
    }
  }

  /** As JSON text. What SQLite knows to be JSON is not parsed for it. */
  #readText(row: KeyRow, conditions?: EventConditions): ReadEvent<string> {
    const kept = row.data ?? this.#payload.get(row.id);
    if (kept === undefined) return 'gone';
    try {
      const json = payloadText(kept);
      if (conditions?.mayHold(json) === false) return 'other';
      if (conditions !== undefined || typeof row.data !== 'string') {
        const data: StoredEvent['data'] = JSON.parse(json);
        if (conditions?.hold(this.#event(row, data)) === false) return 'other';
      }
      const item = this.#text(row, json);
      return { item, bytes: item.length };
    } catch {
      return { damagedId: row.id };
    }
  }

  #event({ id, timestamp, type_id, source_id, action_id }: KeyRow, data: StoredEvent['data']): StoredEvent {
    const type = this.#names.text('type', type_id);
    const source = this.#names.text('source', source_id);
    if (action_id === null) return { id, timestamp, type, source, data };
    return { id, timestamp, type, source, action: this.#names.text('action', action_id), data };
  }

  #text({ id, timestamp, type_id, source_id, action_id }: KeyRow, data: string): string {
    const type = this.#names.json('type', type_id);
    const source = this.#names.json('source', source_id);
    const action = action_id === null ? '' : `,"action":${this.#names.json('action', action_id)}`;
    return `{"id":${id},"timestamp":${timestamp},"type":${type},"source":${source}${action},"data":${data}}`;
  }
}

/** The events of a page, bounded by their size as JSON text: a kept payload may be a thousandth of it. */
export class PageContent<Item> {
  readonly list: Item[] = [];
  readonly damaged: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.list.length;
  }

  /** False when the page is full without it. The first event always fits. */
  add(read: ReadEvent<Item>): boolean {
    if (read === 'gone' || read === 'other') return true;
    if ('damagedId' in read) {
      this.damaged.push(read.damagedId);
      return true;
    }
    if (this.list.length > 0 && this.#bytes + read.bytes > limits.pageBytes) return false;
    this.list.push(read.item);
    this.#bytes += read.bytes;
    return true;
  }
}
