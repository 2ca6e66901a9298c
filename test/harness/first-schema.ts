import Sqlite, { type Database } from 'better-sqlite3';
import { migrations } from '../../daemon/storage/migrate.ts';

/** Takes a database back to the schema of version 1: what later versions have made is dropped, with what is in it. */
export function backToFirstSchema(db: Database): void {
  const first = new Sqlite(':memory:');
  first.exec(migrations()[0]?.sql ?? '');
  const wanted = new Map(parts(first).map((part) => [part.name, part]));
  const columns = new Map([...wanted.keys()].map((name) => [name, columnsOf(first, name)]));
  first.close();
  // A virtual table takes its own tables along.
  const later = parts(db)
    .filter(({ name, type, sql }) => !wanted.has(name) || (type === 'index' && wanted.get(name)?.sql !== sql))
    .toSorted((a, b) => Number(b.sql.startsWith('CREATE VIRTUAL')) - Number(a.sql.startsWith('CREATE VIRTUAL')));
  for (const { type, name } of later) db.exec(`DROP ${type} IF EXISTS "${name}"`);
  for (const [table, known] of columns) {
    for (const column of columnsOf(db, table)) {
      if (!known.includes(column)) db.exec(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
    }
  }
  const left = new Set(parts(db).map(({ name }) => name));
  for (const { name, sql } of wanted.values()) if (!left.has(name)) db.exec(sql);
  db.exec("DELETE FROM meta WHERE key = 'retention_removed'");
  db.pragma('user_version = 1');
}

function parts(db: Database): { type: string; name: string; sql: string }[] {
  return db
    .prepare<[], { type: string; name: string; sql: string }>(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'",
    )
    .all();
}

function columnsOf(db: Database, table: string): string[] {
  return db.prepare<[string], string>('SELECT name FROM pragma_table_xinfo(?)').pluck().all(table);
}
