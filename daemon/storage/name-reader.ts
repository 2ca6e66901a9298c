import type { Database, Statement } from 'better-sqlite3';
import type { NameKind } from './name-table.ts';

/** The readers' view of the dictionary. The name of a number that events have never changes, so what was read once is kept. */
export class NameReader {
  readonly #textOf: Statement<[NameKind, number], string>;
  readonly #idOf: Statement<[NameKind, string], number>;
  readonly #forgotten: Statement<[], 1>;
  readonly #texts: Record<NameKind, Map<number, string>> = { type: new Map(), source: new Map(), action: new Map() };
  readonly #jsons: Record<NameKind, Map<number, string>> = { type: new Map(), source: new Map(), action: new Map() };

  constructor(db: Database) {
    this.#textOf = db.prepare<[NameKind, number], string>('SELECT text FROM name WHERE kind = ? AND id = ?').pluck();
    this.#idOf = db.prepare<[NameKind, string], number>('SELECT id FROM name WHERE kind = ? AND text = ?').pluck();
    // '!' comes behind ' '.
    this.#forgotten = db
      .prepare<[], 1>(
        `SELECT 1 FROM name WHERE kind IN ('type', 'source', 'action') AND text > '(forgotten ' AND text < '(forgotten!'`,
      )
      .pluck();
  }

  /** @throws when the id has no name, which a sound database cannot have. */
  text(kind: NameKind, id: number): string {
    const known = this.#texts[kind].get(id);
    if (known !== undefined) return known;
    const text = this.#textOf.get(kind, id);
    if (text === undefined) throw new Error(`the database has no ${kind} with id ${id}`);
    this.#texts[kind].set(id, text);
    return text;
  }

  /** The name as JSON text. @throws as `text` does */
  json(kind: NameKind, id: number): string {
    const known = this.#jsons[kind].get(id);
    if (known !== undefined) return known;
    const json = JSON.stringify(this.text(kind, id));
    this.#jsons[kind].set(id, json);
    return json;
  }

  /** Whether a name was taken away. */
  someAreForgotten(): boolean {
    return this.#forgotten.get() !== undefined;
  }

  /** Ids of those of the names that are known. */
  ids(kind: NameKind, texts: readonly string[]): number[] {
    const ids = texts.map((text) => this.#idOf.get(kind, text));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }
}
