import type { Database, Statement } from 'better-sqlite3';
import { canonicalPayload, isIdentity } from '../kept-event.ts';
import type { NameKind } from '../name-table.ts';
import { Tallies } from '../tallies.ts';
import type { FoundEvent } from './event-rows.ts';
import type { IdentityIndex } from './identity-index.ts';
import type { NameRow, SourceNames } from './source-names.ts';

/** Rows in one transaction. */
const ROWS_PER_COMMIT = 5_000;

/** What became of a row. `known`: the event is there already; an older copy of its page also had it. */
export type Copied = 'kept' | 'known' | 'damaged';

interface Names {
  type: string;
  source: string;
  action: string | null;
}

/**
 * Writes events into the new database, those whose content has the hash they were stored with, and counts them.
 *
 * States: a transaction is open from the first row on, until `finish`.
 */
export class EventCopier {
  readonly #db: Database;
  readonly #names: SourceNames;
  readonly #identities: IdentityIndex;
  readonly #lastId: number;
  readonly #tallies: Tallies;
  readonly #proven: Record<NameKind, Map<number, string>> = { type: new Map(), source: new Map(), action: new Map() };
  readonly #insertName: Statement<[NameKind, number, string]>;
  readonly #insertEvent: Statement<
    [number, number, Buffer, number, number, number | null, number, number, string | Buffer]
  >;
  readonly #hasEvent: Statement<[number, Buffer], number>;
  #uncommitted = 0;
  #kept = 0;

  /**
   * @param lastId the highest id that was given, as far as anybody knows
   */
  constructor(db: Database, names: SourceNames, identities: IdentityIndex, lastId: number) {
    this.#db = db;
    this.#names = names;
    this.#identities = identities;
    this.#lastId = lastId;
    this.#tallies = new Tallies(db);
    this.#insertName = db.prepare('INSERT INTO name (kind, id, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#insertEvent = db.prepare(
      `INSERT INTO event (id, timestamp, hash, type_id, source_id, action_id, arrived, processed, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#hasEvent = db
      .prepare<[number, Buffer], number>('SELECT id FROM event WHERE timestamp = ? AND identity = substr(?, 1, 8)')
      .pluck();
  }

  /** How many events there are in the new database. */
  get kept(): number {
    return this.#kept;
  }

  copy(event: FoundEvent): Copied {
    this.#begin();
    const names = this.#namesOf(event);
    if (names === undefined || !this.#isIdRight(event) || !this.#prove(event, names)) return 'damaged';
    const { id, timestamp, hash, typeId, sourceId, actionId, arrived, processed, data } = event;
    const { changes } = this.#insertEvent.run(
      id,
      timestamp,
      hash,
      typeId,
      sourceId,
      actionId,
      arrived,
      processed,
      data,
    );
    if (changes === 0) return this.#hasEvent.get(timestamp, hash) === undefined ? 'damaged' : 'known';
    this.#kept += 1;
    this.#tallies.addRecorded(event, Buffer.byteLength(data));
    this.#uncommitted += 1;
    if (this.#uncommitted >= ROWS_PER_COMMIT) this.#commit();
    return 'kept';
  }

  /** Commits, with the names that no event proved. Good without any event. */
  finish(): void {
    this.#begin();
    for (const { kind, id, text } of this.#names.rows()) this.#insertName.run(kind, id, text);
    this.#commit();
  }

  /** The names that give the event its hash; undefined when its content cannot be read, or none do. */
  #namesOf(event: FoundEvent): Names | undefined {
    let data: string;
    try {
      data = canonicalPayload(event.data);
    } catch {
      return undefined;
    }
    const { hash, timestamp, typeId, sourceId, actionId } = event;
    const actions = actionId === null ? [null] : this.#textsOf('action', actionId);
    for (const type of this.#textsOf('type', typeId)) {
      for (const source of this.#textsOf('source', sourceId)) {
        for (const action of actions) {
          if (isIdentity(hash, timestamp, type, source, action, data)) return { type, source, action };
        }
      }
    }
    return undefined;
  }

  #textsOf(kind: NameKind, id: number): readonly string[] {
    const proven = this.#proven[kind].get(id);
    return proven === undefined ? this.#names.textsOf(kind, id) : [proven];
  }

  /** An id is held against the index when nothing else speaks for it. */
  #isIdRight({ id, isIdCertain, timestamp, hash }: FoundEvent): boolean {
    if (isIdCertain) return true;
    const known = this.#identities.idOf(timestamp, hash);
    return known === undefined ? id <= this.#lastId : known === id;
  }

  /** Gives the names their rows. False when another name has the id or the text. */
  #prove({ typeId, sourceId, actionId }: FoundEvent, { type, source, action }: Names): boolean {
    return (
      this.#proveName({ kind: 'type', id: typeId, text: type }) &&
      this.#proveName({ kind: 'source', id: sourceId, text: source }) &&
      (actionId === null || action === null || this.#proveName({ kind: 'action', id: actionId, text: action }))
    );
  }

  #proveName({ kind, id, text }: NameRow): boolean {
    if (this.#proven[kind].has(id)) return true;
    if (this.#insertName.run(kind, id, text).changes === 0) return false;
    this.#proven[kind].set(id, text);
    return true;
  }

  #begin(): void {
    if (!this.#db.inTransaction) this.#db.exec('BEGIN IMMEDIATE');
  }

  #commit(): void {
    this.#tallies.save(null);
    this.#db.exec('COMMIT');
    this.#tallies.clear();
    this.#uncommitted = 0;
  }
}
