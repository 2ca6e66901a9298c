import Sqlite from 'better-sqlite3';
import { searchIndexPath } from '../../daemon/search/index-file.ts';

/** The id up to which the search index of a database has its newest events; 0 when there is no index. */
export function indexedTo(databasePath: string): number {
  try {
    const db = new Sqlite(searchIndexPath(databasePath), { readonly: true });
    try {
      return Number(db.prepare('SELECT coalesce(max(indexed_to), 0) FROM part').pluck().get());
    } finally {
      db.close();
    }
  } catch {
    return 0;
  }
}
