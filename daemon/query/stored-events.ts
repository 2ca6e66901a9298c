import type { Database, Statement } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import type { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import type { EventConditions } from './event-conditions.ts';
import type { KeyRow } from './key-stream.ts';

/** What an event adds to a page besides its payload. */
const EVENT_BYTES = 100;

export interface SizedEvent {
  event: StoredEvent;
  /** As JSON text, about. */
  bytes: number;
}

/** Makes events of rows. */
export class StoredEvents {
  readonly #names: NameReader;
  readonly #payload: Statement<[number], string | Buffer>;

  constructor(db: Database, names: NameReader) {
    this.#names = names;
    this.#payload = db.prepare<[number], string | Buffer>('SELECT data FROM event WHERE id = ?').pluck();
  }

  /**
   * The event of a row that matches; `gone` when retention took it since the row was read, `other` when the conditions do
   * not hold for it.
   */
  read(row: KeyRow, conditions?: EventConditions): SizedEvent | 'gone' | 'other' | { damagedId: number } {
    const kept = row.data ?? this.#payload.get(row.id);
    if (kept === undefined) return 'gone';
    try {
      const json = payloadText(kept);
      if (conditions?.mayHold(json) === false) return 'other';
      const event = this.#event(row, JSON.parse(json));
      if (conditions?.hold(event) === false) return 'other';
      return { event, bytes: json.length + EVENT_BYTES };
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
}

/** The events of a page, bounded by their size as JSON text: a kept payload may be a thousandth of it. */
export class PageContent {
  readonly list: StoredEvent[] = [];
  readonly damaged: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.list.length;
  }

  /** False when the page is full without it. The first event always fits. */
  add(read: ReturnType<StoredEvents['read']>): boolean {
    if (read === 'gone' || read === 'other') return true;
    if ('damagedId' in read) {
      this.damaged.push(read.damagedId);
      return true;
    }
    if (this.list.length > 0 && this.#bytes + read.bytes > limits.pageBytes) return false;
    this.list.push(read.event);
    this.#bytes += read.bytes;
    return true;
  }
}
