import type { NameKind } from '../name-table.ts';
import { indexRows } from './index-rows.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import type { KeptValue } from './record.ts';
import type { SourceTree } from './source-trees.ts';

export interface NameRow {
  kind: NameKind;
  id: number;
  text: string;
}

/**
 * The dictionary of the damaged database. It stands in the file twice, as the table and as the index that keeps texts
 * unique, so an id can have two texts when one of them is damaged. The hash of an event tells which is right.
 */
export class SourceNames {
  readonly #texts = new Map<string, string[]>();

  /** Takes in what a tree holds of them, that of the table or that of its index; the likelier texts first. */
  read(file: PageFile, map: PageMap, tree: SourceTree | undefined): void {
    if (tree === undefined) return;
    for (const row of indexRows(file, map, tree.root)) {
      const name = nameOf(row);
      if (name !== undefined) this.#add(name);
    }
  }

  /** What an id can mean, the likeliest first. */
  textsOf(kind: NameKind, id: number): readonly string[] {
    return this.#texts.get(key(kind, id)) ?? [];
  }

  /** The likeliest text of every id. */
  *rows(): Generator<NameRow, void, undefined> {
    for (const [of, [text]] of this.#texts) {
      const [kind, id] = of.split(' ');
      if (text !== undefined) yield { kind: kind as NameKind, id: Number(id), text };
    }
  }

  get size(): number {
    return this.#texts.size;
  }

  #add({ kind, id, text }: NameRow): void {
    const texts = this.#texts.get(key(kind, id)) ?? [];
    if (!texts.includes(text)) texts.push(text);
    this.#texts.set(key(kind, id), texts);
  }
}

function key(kind: NameKind, id: number): string {
  return `${kind} ${id}`;
}

/** A row of the table is (kind, id, text, events, …), one of the index (kind, text, id). */
function nameOf(row: KeptValue[]): NameRow | undefined {
  const [kind, second, third] = row;
  const [id, text] = row.length >= 4 ? [second, third] : [third, second];
  if (kind !== 'type' && kind !== 'source' && kind !== 'action') return undefined;
  if (typeof id !== 'bigint' || id < 1n || id > Number.MAX_SAFE_INTEGER || typeof text !== 'string') return undefined;
  return { kind, id: Number(id), text };
}
