import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { existsSync } from 'node:fs';
import type { Json } from '../../shared/event.ts';
import type { DamagedEvent, SearchCheck } from '../../shared/messages/verify.ts';
import { plainWords } from '../../shared/search/words.ts';
import { dataWords } from '../search/event-text.ts';
import { searchIndexPath, VERSION } from '../search/index-file.ts';
import { partOf } from '../search/index-parts.ts';
import { nameMark } from '../search/name-mark.ts';
import { NameReader } from '../storage/name-reader.ts';
import { payloadText } from '../storage/payload.ts';
import { storageFailure } from '../storage/storage-failure.ts';

interface Row {
  id: number;
  type_id: number;
  source_id: number;
  action_id: number | null;
  data: string | Buffer;
}

/** Neighbours of each page that are held against the index: another some of them each time. */
const SAMPLE_IDS = 64;
/** Problems that are told. */
const MAX_LINES = 20;
/** What SQLite's ascii tokenizer takes for a word. */
const WORD = /[A-Za-z0-9\u0080-\u{10ffff}]+/gu;

/**
 * Holds the search index against the events: each event of a sample must be found by every word it has, and by no word of
 * its neighbours that it has not. What is not indexed yet, or was deleted, is passed over.
 */
export class SearchVerification {
  readonly #path: string;
  readonly #names: NameReader;
  readonly #databaseId: Statement<[], string>;
  readonly #rows: Statement<[number, number], Row>;

  /** @param db the events */
  constructor(db: Database) {
    this.#path = searchIndexPath(db.name);
    this.#names = new NameReader(db);
    this.#databaseId = db.prepare<[], string>("SELECT value FROM meta WHERE key = 'database_id'").pluck();
    this.#rows = db.prepare(
      'SELECT id, type_id, source_id, action_id, data FROM event WHERE id BETWEEN ? AND ? ORDER BY id',
    );
  }

  /**
   * A sample of the events between these ids, both inclusive; undefined without an index.
   * @param damaged events that are not what was stored: the index knows their words from before
   */
  sample(from: number, to: number, damaged: readonly DamagedEvent[]): SearchCheck | undefined {
    const start = from + Math.floor(Math.random() * Math.max(1, to - from + 2 - SAMPLE_IDS));
    const { number, to: partEnd } = partOf(start);
    const wordsById = this.#wordsBetween(start, Math.min(to, start + SAMPLE_IDS - 1, partEnd));
    for (const { id } of damaged) wordsById.delete(id);
    return this.#use((index) => {
      const indexedTo = index.prepare<[number], number>('SELECT indexed_to FROM part WHERE number = ?').pluck();
      const end = indexedTo.get(number) ?? 0;
      return compare(index, number, new Map([...wordsById].filter(([id]) => id <= end)));
    });
  }

  /** Whether the index is built as it must be, however long that takes; undefined without one. @throws SqliteError */
  structure(): SearchCheck | undefined {
    return this.#use((index) => {
      const lines = index.prepare<[], string>(`PRAGMA quick_check(${MAX_LINES})`).pluck().all();
      return { checked: 0, wrong: lines.filter((line) => line !== 'ok') };
    });
  }

  /** The words of each event that can be read. */
  #wordsBetween(from: number, to: number): Map<number, Set<string>> {
    const wordsById = new Map<number, Set<string>>();
    try {
      for (const row of this.#rows.iterate(from, to)) {
        const words = this.#wordsOf(row);
        if (words !== undefined) wordsById.set(row.id, words);
      }
    } catch (error) {
      // That is no fault of the index, and said elsewhere.
      if (storageFailure(error) !== 'damaged') throw error;
    }
    return wordsById;
  }

  /** Undefined for an event that cannot be read. */
  #wordsOf({ type_id: typeId, source_id: sourceId, action_id: actionId, data }: Row): Set<string> | undefined {
    try {
      const texts = [this.#names.text('type', typeId), this.#names.text('source', sourceId)];
      const marks = [nameMark('types', typeId), nameMark('sources', sourceId)];
      if (actionId !== null) {
        texts.push(this.#names.text('action', actionId));
        marks.push(nameMark('actions', actionId));
      }
      const text = `${marks.join(' ')} ${texts.map(plainWords).join(' ')} ${dataWords(JSON.parse(payloadText(data)) as Json)}`;
      return new Set(text.match(WORD)?.map(asciiLowerCase));
    } catch {
      return undefined;
    }
  }

  /** One state of the index. One that is of another database, or of another version, is none. */
  #use(check: (index: Database) => SearchCheck): SearchCheck | undefined {
    if (!existsSync(this.#path)) return undefined;
    let index: Database | undefined;
    try {
      const databaseId = this.#databaseId.get();
      index = new Sqlite(this.#path, { readonly: true, fileMustExist: true, timeout: 1_000 });
      index.exec('BEGIN');
      const valueOf = index.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
      if (valueOf.get('version') !== VERSION || valueOf.get('database_id') !== databaseId) return undefined;
      return check(index);
    } catch (error) {
      // It is being made, or was just deleted.
      if (!(error instanceof Sqlite.SqliteError) || storageFailure(error) !== 'damaged') return undefined;
      return { checked: 0, wrong: [`the index is damaged: ${error.message}`] };
    } finally {
      index?.close();
    }
  }
}

/** Looks for every word that one of these events has. */
function compare(index: Database, part: number, wordsById: ReadonlyMap<number, ReadonlySet<string>>): SearchCheck {
  const ids = [...wordsById.keys()];
  const [from, to] = [ids[0], ids.at(-1)];
  if (from === undefined || to === undefined) return { checked: 0, wrong: [] };
  const table = `words_${part}`;
  const find = index
    .prepare<[string, number, number], number>(
      // Without an upper bound: to look for one, SQLite would go through the rest of the word's events.
      `SELECT rowid FROM ${table} WHERE ${table} MATCH ? AND rowid >= ? LIMIT ?`,
    )
    .pluck();
  const wrong = new Set<string>();
  for (const word of new Set([...wordsById.values()].flatMap((words) => [...words]))) {
    const found = new Set(find.all(`"${word}"`, from, to - from + 1));
    for (const [id, words] of wordsById) {
      if (words.has(word) && !found.has(id)) wrong.add(`event ${id} is not found by a word that it has`);
      if (!words.has(word) && found.has(id)) wrong.add(`event ${id} is found by a word that it has not`);
    }
  }
  return { checked: ids.length, wrong: [...wrong].slice(0, MAX_LINES) };
}

/** As the tokenizer does it: other letters are lower case already. */
function asciiLowerCase(word: string): string {
  return word.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
