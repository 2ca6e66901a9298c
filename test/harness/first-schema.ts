import Sqlite, { type Database } from 'better-sqlite3';
import { migrations } from '../../daemon/storage/migrate.ts';

/** Takes a database back to the schema of version 1: what later versions have made is dropped, with what is in it. */
export function backToFirstSchema(db: Database): void {
  const first = new Sqlite(':memory:');
  first.exec(migrations()[0]?.sql ?? '');
  const names = new Set(first.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all());
  const columns = new Map([...names].map((name) => [name, columnsOf(first, name)]));
  first.close();
  // A virtual table takes its own tables along.
  const later = db
    .prepare<[], { type: string; name: string }>(
      "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC",
    )
    .all()
    .filter(({ name }) => !names.has(name));
  for (const { type, name } of later) db.exec(`DROP ${type} IF EXISTS "${name}"`);
  for (const [table, known] of columns) {
    for (const column of columnsOf(db, table)) {
      if (!known.includes(column)) db.exec(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
    }
  }
  db.exec("DELETE FROM meta WHERE key = 'retention_removed'");
  db.pragma('user_version = 1');
}

function columnsOf(db: Database, table: string): string[] {
  return db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
}
