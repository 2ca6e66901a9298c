import type { Database, Statement } from 'better-sqlite3';
import type { Json } from '../../shared/event.ts';
import { plainWords } from '../../shared/search/words.ts';
import { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import { dataWords } from './event-text.ts';
import { type Part, partNumbered, partOf, zoneOf } from './index-parts.ts';
import { nameMark } from './name-mark.ts';

interface Row {
  id: number;
  timestamp: number;
  hash: Buffer;
  type_id: number;
  source_id: number;
  action_id: number | null;
  data: string | Buffer;
}

/** Events in one transaction of the index. */
const SLICE_EVENTS = 500;

/**
 * Brings the index up to the events, a slice at a time, the newest part first: what is asked about most is found by the
 * index soon, however long the history is.
 */
export class Indexing {
  readonly #index: Database;
  readonly #names: NameReader;
  readonly #nameWords = new Map<string, string>();
  readonly #lastId: Statement<[], number>;
  readonly #oldestId: Statement<[], number | null>;
  readonly #rows: Statement<[number, number, number], Row>;
  readonly #marks: Statement<[], { number: number; indexed_to: number }>;
  readonly #mark: Statement<[number, number, number | null, Buffer | null]>;
  readonly #zone: Statement<[number, number, number]>;
  readonly #inserts = new Map<number, Statement<[number, string]>>();

  constructor(index: Database, events: Database) {
    this.#index = index;
    this.#names = new NameReader(events);
    this.#lastId = events.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_id'").pluck();
    this.#oldestId = events.prepare<[], number | null>('SELECT min(id) FROM event').pluck();
    this.#rows = events.prepare(
      `SELECT id, timestamp, hash, type_id, source_id, action_id, data FROM event
       WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
    this.#marks = index.prepare('SELECT number, indexed_to FROM part');
    this.#mark = index.prepare(
      `INSERT INTO part (number, indexed_to, newest_id, newest_hash) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET indexed_to = excluded.indexed_to,
         newest_id = coalesce(excluded.newest_id, newest_id), newest_hash = coalesce(excluded.newest_hash, newest_hash)`,
    );
    this.#zone = index.prepare(
      `INSERT INTO zone (number, since, until) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET since = min(since, excluded.since), until = max(until, excluded.until)`,
    );
  }

  /** Does one slice; false when there was nothing to do. @throws SqliteError */
  slice(): boolean {
    const oldest = this.#oldestId.get() ?? Number.POSITIVE_INFINITY;
    const lastId = this.#lastId.get() ?? 0;
    const marks = new Map(this.#marks.all().map(({ number, indexed_to }) => [number, indexed_to]));
    for (const number of marks.keys()) {
      if (partNumbered(number).to < Math.min(oldest, lastId)) {
        this.#drop(number);
        return true;
      }
    }
    if (oldest > lastId) return false;
    for (let { number } = partOf(lastId); number >= partOf(oldest).number; number -= 1) {
      const part = partNumbered(number);
      const indexedTo = marks.get(number) ?? Math.max(part.from, oldest) - 1;
      const upTo = Math.min(part.to, lastId);
      if (indexedTo < upTo) {
        this.#extend(part, indexedTo, upTo, !marks.has(number));
        return true;
      }
    }
    return false;
  }

  #extend(part: Part, indexedTo: number, upTo: number, isNew: boolean): void {
    const rows = this.#rows.all(indexedTo, upTo, SLICE_EVENTS);
    const newest = rows.at(-1);
    const mark = newest === undefined || rows.length < SLICE_EVENTS ? upTo : newest.id;
    this.#index.transaction(() => {
      if (isNew) this.#index.exec(tableOf(part.number));
      const insert = this.#insertOf(part.number);
      const zones = new Map<number, { since: number; until: number }>();
      for (const row of rows) {
        insert.run(row.id, this.#words(row));
        const zone = zones.get(zoneOf(row.id));
        if (zone === undefined) zones.set(zoneOf(row.id), { since: row.timestamp, until: row.timestamp });
        else {
          zone.since = Math.min(zone.since, row.timestamp);
          zone.until = Math.max(zone.until, row.timestamp);
        }
      }
      for (const [number, { since, until }] of zones) this.#zone.run(number, since, until);
      this.#mark.run(part.number, mark, newest?.id ?? null, newest?.hash ?? null);
      // Once, when the last of it is there: one tree to look into instead of several.
      if (mark === part.to)
        this.#index.exec(`INSERT INTO words_${part.number} (words_${part.number}) VALUES ('optimize')`);
    })();
  }

  #insertOf(number: number): Statement<[number, string]> {
    let insert = this.#inserts.get(number);
    if (insert === undefined) {
      insert = this.#index.prepare(`INSERT INTO words_${number} (rowid, words) VALUES (?, ?)`);
      this.#inserts.set(number, insert);
    }
    return insert;
  }

  /** All its events are deleted. Entries of others that are deleted lead nowhere, and go with their part. */
  #drop(number: number): void {
    this.#inserts.delete(number);
    const { from, to } = partNumbered(number);
    this.#index.transaction(() => {
      this.#index.exec(`DROP TABLE IF EXISTS words_${number}`);
      this.#index.prepare('DELETE FROM part WHERE number = ?').run(number);
      this.#index.prepare('DELETE FROM zone WHERE number BETWEEN ? AND ?').run(zoneOf(from), zoneOf(to));
    })();
  }

  #words({ type_id, source_id, action_id, data }: Row): string {
    const names = this.#namesWords(type_id, source_id, action_id);
    let value: Json;
    try {
      value = JSON.parse(payloadText(data)) as Json;
    } catch {
      // Damaged: nobody can read it, so nobody can ask for its words.
      return names;
    }
    return `${names} ${dataWords(value)}`;
  }

  #namesWords(typeId: number, sourceId: number, actionId: number | null): string {
    const key = `${typeId} ${sourceId} ${actionId}`;
    let words = this.#nameWords.get(key);
    if (words === undefined) {
      const texts = [this.#names.text('type', typeId), this.#names.text('source', sourceId)];
      const marks = [nameMark('types', typeId), nameMark('sources', sourceId)];
      if (actionId !== null) {
        texts.push(this.#names.text('action', actionId));
        marks.push(nameMark('actions', actionId));
      }
      words = [...marks, ...texts.map(plainWords)].join(' ');
      if (this.#nameWords.size >= KNOWN_NAMES) this.#nameWords.clear();
      this.#nameWords.set(key, words);
    }
    return words;
  }
}

/** Combinations of names whose words are kept. */
const KNOWN_NAMES = 4_096;

/**
 * `detail=none` keeps which events have a word, not where: 16 bytes an event instead of 41, and what depends on the place
 * is checked on the text. The ascii tokenizer takes everything beyond ASCII for letters, so that words are divided by
 * our own function alone.
 */
function tableOf(number: number): string {
  return `CREATE VIRTUAL TABLE words_${number}
    USING fts5 (words, content = '', detail = none, columnsize = 0, tokenize = 'ascii')`;
}
