import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { DamagedEvent, VerifyReply } from '../../shared/messages/verify.ts';
import { canonicalPayload, isIdentity } from '../storage/kept-event.ts';
import { NameReader } from '../storage/name-reader.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { UnreadableEvents } from '../query/unreadable-events.ts';
import { SearchVerification } from './verify-search.ts';
import { checkStructure } from './verify-structure.ts';

interface EventRow {
  id: number;
  timestamp: number;
  hash: Buffer;
  type_id: number;
  source_id: number;
  action_id: number | null;
  data: string | Buffer;
}

/** Of so many events some are looked up in the index, 60 ms of work; some of the first and the last page always are. */
const SAMPLE_EVERY = 32_768;

export interface VerificationOptions {
  /** Events of a page at most. */
  rows?: number;
  /** False: the search index is left alone. */
  search?: boolean;
}

/**
 * Holds every event against the hash it was stored with, and some of each page against the search index, in pages that are
 * bounded in rows and time.
 */
export class EventVerification {
  readonly #db: Database;
  readonly #names: NameReader;
  readonly #unreadable: UnreadableEvents;
  readonly #rows: Statement<[number], EventRow>;
  readonly #search: SearchVerification | undefined;
  readonly #maxRows: number;
  #lastChecked = 0;

  constructor(db: Database, { rows = limits.scanRows, search = true }: VerificationOptions = {}) {
    this.#db = db;
    this.#maxRows = rows;
    this.#search = search ? new SearchVerification(db) : undefined;
    this.#names = new NameReader(db);
    this.#unreadable = new UnreadableEvents(db);
    // From an id on: to go on behind one, SQLite would first look at its page, which may be the damaged one.
    this.#rows = db.prepare(
      'SELECT id, timestamp, hash, type_id, source_id, action_id, data FROM event WHERE id >= ? ORDER BY id',
    );
  }

  /** The last page looks through the whole file, however long that takes. @throws SqliteError */
  page(afterId: number): VerifyReply {
    const page = this.#eventPage(afterId);
    const last = page.afterId ?? this.#lastChecked;
    const isSampled = afterId === 0 || page.afterId === null || Math.random() * SAMPLE_EVERY < this.#maxRows;
    const search = isSampled && page.checked > 0 ? this.#search?.sample(afterId + 1, last, page.damaged) : undefined;
    if (page.afterId !== null) return { ...page, ...(search !== undefined && { search }) };
    const structure = checkStructure(this.#db);
    const searchStructure = this.#search?.structure();
    const wrong = [...(search?.wrong ?? []), ...(searchStructure?.wrong ?? [])];
    return { ...page, structure, ...(searchStructure && { search: { checked: search?.checked ?? 0, wrong } }) };
  }

  #eventPage(afterId: number): VerifyReply {
    const deadline = performance.now() + limits.queryDeadlineMs;
    const damaged: DamagedEvent[] = [];
    let checked = 0;
    let last = afterId;
    try {
      for (const row of this.#rows.iterate(afterId + 1)) {
        const problem = this.#problemOf(row);
        if (problem !== undefined) damaged.push({ id: row.id, message: problem });
        checked += 1;
        last = row.id;
        this.#lastChecked = last;
        if (checked === this.#maxRows || performance.now() > deadline) return { checked, damaged, afterId: last };
      }
    } catch (error) {
      if (storageFailure(error) !== 'damaged') throw error;
      const { ids, end } = this.#unreadable.after(last);
      damaged.push(...ids.map((id) => ({ id, message: 'the part of the database that holds it cannot be read' })));
      checked += ids.length;
      if (end !== null) return { checked, damaged, afterId: end };
    }
    return { checked, damaged, afterId: null };
  }

  #problemOf({ hash, timestamp, type_id, source_id, action_id, data }: EventRow): string | undefined {
    let type: string;
    let source: string;
    let action: string | null;
    try {
      type = this.#names.text('type', type_id);
      source = this.#names.text('source', source_id);
      action = action_id === null ? null : this.#names.text('action', action_id);
    } catch (error) {
      return `its names cannot be read (${messageOf(error)})`;
    }
    let canonical: string;
    try {
      canonical = canonicalPayload(data);
    } catch (error) {
      return `its data cannot be read (${messageOf(error)})`;
    }
    return isIdentity(hash, timestamp, type, source, action, canonical)
      ? undefined
      : 'it is not what was stored: its content does not give its identity';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
