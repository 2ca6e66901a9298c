import type { Database } from 'better-sqlite3';
import { indexRows } from './index-rows.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import type { KeptValue } from './record.ts';
import type { SourceTree } from './source-trees.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KEY = /^[a-z_]{1,64}$/;
/** Another database has its own; the list of waiting events begins anew. */
const NOT_COPIED = ['database_id', 'waiting_up_to'];

/** What the damaged database said about itself. */
export class SourceMeta {
  readonly #values = new Map<string, KeptValue>();

  constructor(file: PageFile, map: PageMap, tree: SourceTree | undefined) {
    if (tree === undefined) return;
    for (const [key, value] of indexRows(file, map, tree.root)) {
      if (typeof key === 'string' && KEY.test(key) && value !== undefined && value !== null)
        this.#values.set(key, value);
    }
  }

  get databaseId(): string | undefined {
    const id = this.#values.get('database_id');
    return typeof id === 'string' && UUID.test(id) ? id : undefined;
  }

  get lastId(): number | undefined {
    const id = Number(this.#values.get('last_id') ?? Number.NaN);
    return Number.isSafeInteger(id) && id >= 0 ? id : undefined;
  }

  /** Writes it to the new database, with this counter of ids. */
  copyTo(db: Database, lastId: number, otherwiseId: string | undefined): void {
    const set = db.prepare<[string, KeptValue]>('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    db.transaction(() => {
      for (const [key, value] of this.#values) if (!NOT_COPIED.includes(key)) set.run(key, value);
      const databaseId = this.databaseId ?? otherwiseId;
      if (databaseId !== undefined) set.run('database_id', databaseId);
      set.run('last_id', lastId);
    }).immediate();
  }
}
