import type { Database, Statement } from 'better-sqlite3';

export type NameKind = 'type' | 'source' | 'action';

export interface NewName {
  kind: NameKind;
  id: number;
  text: string;
}

/**
 * The writer's view of the dictionary: every name it has seen, with its id. A new name gets its id at once and its row
 * with the next `save`, so a transaction that was rolled back takes nothing with it.
 */
export class NameTable {
  readonly #ids: Record<NameKind, Map<string, number>> = { type: new Map(), source: new Map(), action: new Map() };
  /** Salvage of a damaged database can leave numbers out. */
  readonly #highestId: Record<NameKind, number> = { type: 0, source: 0, action: 0 };
  readonly #insert: Statement<[NameKind, number, string]>;
  readonly #maxPerKind: number;
  /** Names without a row yet. */
  #unsaved: NewName[] = [];

  constructor(db: Database, maxPerKind: number) {
    this.#maxPerKind = maxPerKind;
    this.#insert = db.prepare('INSERT INTO name (kind, id, text) VALUES (?, ?, ?)');
    const rows = db.prepare<[], { kind: NameKind; id: number; text: string }>('SELECT kind, id, text FROM name').all();
    for (const { kind, id, text } of rows) {
      this.#ids[kind].set(text, id);
      this.#highestId[kind] = Math.max(this.#highestId[kind], id);
    }
  }

  /** The id of a name, a new one if need be; undefined when this kind has no room for another. Ids start at 1. */
  idOf(kind: NameKind, text: string): number | undefined {
    const ids = this.#ids[kind];
    const known = ids.get(text);
    if (known !== undefined) return known;
    if (ids.size >= this.#maxPerKind) return undefined;
    const id = this.#highestId[kind] + 1;
    this.#highestId[kind] = id;
    ids.set(text, id);
    this.#unsaved.push({ kind, id, text });
    return id;
  }

  /** The names that have no row yet, the newest last. */
  get unsaved(): readonly NewName[] {
    return this.#unsaved;
  }

  /** Takes a name back that has no row yet. Nothing may use its id. */
  withdraw({ kind, id, text }: NewName): void {
    this.#unsaved = this.#unsaved.filter((name) => name.kind !== kind || name.id !== id);
    this.#ids[kind].delete(text);
  }

  /** A name is called something else from now on. */
  rename(kind: NameKind, id: number, from: string, to: string): void {
    if (this.#ids[kind].get(from) === id) this.#ids[kind].delete(from);
    this.#ids[kind].set(to, id);
  }

  /** Writes the rows of new names; call inside the transaction that uses them, and `saved` after its COMMIT. */
  save(): void {
    for (const { kind, id, text } of this.#unsaved) this.#insert.run(kind, id, text);
  }

  saved(): void {
    if (this.#unsaved.length > 0) this.#unsaved = [];
  }
}
