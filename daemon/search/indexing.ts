import type { Database, Statement } from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/event.ts';
import { plainWords } from '../../shared/search/words.ts';
import { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import { dataWords } from './event-text.ts';
import { dropPart, forgetParts } from '../forgetting/forget-parts.ts';
import { type Part, partNumbered, partOf, zoneOf } from './index-parts.ts';
import { nameMark } from './name-mark.ts';

type Row = [
  id: number,
  timestamp: number,
  typeId: number,
  sourceId: number,
  actionId: number | null,
  data: string | Buffer,
];

/** Events in one transaction of the index: each leaves a tree of words, which SQLite then has to merge with others. */
const SLICE_EVENTS = 8_000;
/** Events of which the texts are in memory together. */
const READ_EVENTS = 250;

/**
 * Brings the index up to the events, a slice at a time, the newest part first: what is asked about most is found by the
 * index soon, however long the history is.
 *
 * The last who has begun writes the index. One before, left over from a daemon that was killed, fails with its next slice.
 */
export class Indexing {
  readonly #index: Database;
  readonly #names: NameReader;
  readonly #nameWords = new Map<string, string>();
  readonly #me = randomUUID();
  readonly #writer: Statement<[], string>;
  readonly #lastId: Statement<[], number>;
  readonly #oldestId: Statement<[], number | null>;
  readonly #rows: Statement<[number, number, number], Row>;
  readonly #hash: Statement<[number], Buffer>;
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
      `SELECT id, timestamp, type_id, source_id, action_id, data FROM event
       WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
    // Arrays, and no hashes: making objects of rows costs more than reading them.
    this.#rows.raw();
    this.#hash = events.prepare<[number], Buffer>('SELECT hash FROM event WHERE id = ?').pluck();
    index
      .prepare(
        "INSERT INTO meta (key, value) VALUES ('writer', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      )
      .run(this.#me);
    this.#writer = index.prepare<[], string>("SELECT value FROM meta WHERE key = 'writer'").pluck();
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

  /**
   * Takes parts out, words and all; slices make them anew. False when a reader was in the way of the last of it.
   * @throws SqliteError
   */
  forget(numbers: readonly number[]): boolean {
    for (const number of numbers) this.#inserts.delete(number);
    return forgetParts(this.#index, numbers);
  }

  /** Does one slice; false when there was nothing to do. @throws SqliteError */
  slice(): boolean {
    const { oldest, lastId, marks } = this.#state();
    for (const number of marks.keys()) {
      if (partNumbered(number).to < Math.min(oldest, lastId)) {
        this.#drop(number);
        return true;
      }
    }
    for (const { part, indexedTo, upTo } of unfinished(oldest, lastId, marks)) {
      this.#extend(part, indexedTo, upTo, !marks.has(part.number));
      return true;
    }
    return false;
  }

  /** How many events are not indexed, of those up to `lastId`. */
  backlog(): { behind: number; lastId: number } {
    const { oldest, lastId, marks } = this.#state();
    let behind = 0;
    for (const { indexedTo, upTo } of unfinished(oldest, lastId, marks)) behind += upTo - indexedTo;
    return { behind, lastId };
  }

  #state(): { oldest: number; lastId: number; marks: Map<number, number> } {
    return {
      oldest: this.#oldestId.get() ?? Number.POSITIVE_INFINITY,
      lastId: this.#lastId.get() ?? 0,
      marks: new Map(this.#marks.all().map(({ number, indexed_to }) => [number, indexed_to])),
    };
  }

  #extend(part: Part, indexedTo: number, upTo: number, isNew: boolean): void {
    this.#write(() => {
      if (isNew) this.#index.exec(tableOf(part.number));
      const insert = this.#insertOf(part.number);
      const zones = new Map<number, { since: number; until: number }>();
      let newest: number | undefined;
      let mark = indexedTo;
      for (let count = 0; count < SLICE_EVENTS && mark < upTo; count += READ_EVENTS) {
        const rows = this.#rows.all(mark, upTo, READ_EVENTS);
        for (const [id, timestamp, typeId, sourceId, actionId, data] of rows) {
          insert.run(id, this.#words(typeId, sourceId, actionId, data));
          const zone = zones.get(zoneOf(id));
          if (zone === undefined) zones.set(zoneOf(id), { since: timestamp, until: timestamp });
          else {
            zone.since = Math.min(zone.since, timestamp);
            zone.until = Math.max(zone.until, timestamp);
          }
          newest = id;
        }
        mark = newest === undefined || rows.length < READ_EVENTS ? upTo : newest;
      }
      for (const [number, { since, until }] of zones) this.#zone.run(number, since, until);
      const hash = newest === undefined ? undefined : this.#hash.get(newest);
      this.#mark.run(part.number, mark, hash === undefined ? null : (newest ?? null), hash ?? null);
      // Once, when the last of it is there: one tree to look into instead of several.
      if (mark === part.to)
        this.#index.exec(`INSERT INTO words_${part.number} (words_${part.number}) VALUES ('optimize')`);
    });
  }

  /** One transaction. What was read before still holds: nobody else has written if nobody else has begun. */
  #write(run: () => void): void {
    this.#index
      .transaction(() => {
        if (this.#writer.get() !== this.#me) throw new Error('another process has begun to write the search index');
        run();
      })
      .immediate();
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
    this.#write(() => dropPart(this.#index, number));
    this.#index.pragma('incremental_vacuum');
  }

  #words(typeId: number, sourceId: number, actionId: number | null, data: string | Buffer): string {
    const names = this.#namesWords(typeId, sourceId, actionId);
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

/** The parts that are not indexed up to the last event, the newest first. */
function* unfinished(
  oldest: number,
  lastId: number,
  marks: ReadonlyMap<number, number>,
): Generator<{ part: Part; indexedTo: number; upTo: number }, void, undefined> {
  if (oldest > lastId) return;
  for (let { number } = partOf(lastId); number >= partOf(oldest).number; number -= 1) {
    const part = partNumbered(number);
    const indexedTo = marks.get(number) ?? Math.max(part.from, oldest) - 1;
    const upTo = Math.min(part.to, lastId);
    if (indexedTo < upTo) yield { part, indexedTo, upTo };
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
