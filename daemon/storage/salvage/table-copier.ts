import type { Database } from 'better-sqlite3';
import { tableRow } from './cell.ts';
import { indexRows } from './index-rows.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import { decodeRecord, type KeptValue } from './record.ts';
import type { SourceTree } from './source-trees.ts';
import { parseTreePage } from './tree-page.ts';

/** Tables that are not copied as they are. */
const MADE_ANEW = ['event', 'name', 'rollup', 'meta', 'waiting'];
/** Rows in one transaction. */
const ROWS_PER_COMMIT = 5_000;
/** Numbers of names, which the new dictionary may not have. */
const NAME_COLUMN = /(^|_)source_id$/;

interface Table {
  name: string;
  /** In the order in which a row has them. */
  columns: string[];
  /** Index of the column that is the row id; -1 when the row id is none, or there is none. */
  idColumn: number;
  isWithoutRowId: boolean;
}

/**
 * Copies the rows of every other table, as far as they can be read: nothing tells a damaged one from another.
 * @returns rows by table
 */
export function copyTables(
  file: PageFile,
  map: PageMap,
  trees: ReadonlyMap<string, SourceTree>,
  db: Database,
): Map<string, number> {
  const copied = new Map<string, number>();
  const names = db.prepare<[], string>("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'");
  for (const name of names.pluck().all()) {
    const tree = trees.get(name);
    if (tree === undefined || MADE_ANEW.includes(name) || name.startsWith('sqlite_')) continue;
    const table = describe(db, name);
    const rows = table.isWithoutRowId ? indexRows(file, map, tree.root) : tableRows(file, map, tree.root, table);
    copied.set(name, copyRows(db, table, rows));
  }
  const sequences = trees.get('sqlite_sequence');
  if (sequences !== undefined) keepSequences(db, tableRows(file, map, sequences.root, undefined));
  return copied;
}

function describe(db: Database, name: string): Table {
  const columns = db
    .prepare<[string], { name: string; type: string; pk: number }>('SELECT name, type, pk FROM pragma_table_info(?)')
    .all(name);
  const { wr: isWithoutRowId } = db
    .prepare<[string], { wr: 0 | 1 }>("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?")
    .get(name) ?? { wr: 0 };
  if (isWithoutRowId === 1) {
    // The key comes first.
    const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    const rest = columns.filter(({ pk }) => pk === 0);
    return { name, columns: [...key, ...rest].map((column) => column.name), idColumn: -1, isWithoutRowId: true };
  }
  const hasIdColumn = columns.filter(({ pk }) => pk > 0).length === 1;
  return {
    name,
    columns: columns.map((column) => column.name),
    idColumn: hasIdColumn ? columns.findIndex(({ pk, type }) => pk === 1 && type.toUpperCase() === 'INTEGER') : -1,
    isWithoutRowId: false,
  };
}

function* tableRows(
  file: PageFile,
  map: PageMap,
  root: number,
  table: Table | undefined,
): Generator<KeptValue[], void, undefined> {
  for (const pageNumber of map.pagesOf(root)) {
    const page = parseTreePage(file.page(pageNumber) ?? Buffer.alloc(0), pageNumber);
    if (page?.kind !== 'table-leaf') continue;
    for (const at of page.cells) {
      const found = tableRow(file, page, at);
      const row = found?.payload && decodeRecord(found.payload);
      if (row === undefined || found === undefined) continue;
      if (table !== undefined && table.idColumn >= 0) row[table.idColumn] = BigInt(found.id);
      yield row;
    }
  }
}

function copyRows(db: Database, { name, columns }: Table, rows: Iterable<KeptValue[]>): number {
  const known = db.prepare<[number], 1>("SELECT 1 FROM name WHERE kind = 'source' AND id = ?").pluck();
  // A row from before a column was added ends before it.
  const inserts = columns.map((_, last) => {
    const used = columns.slice(0, last + 1);
    const places = used.map(() => '?').join(', ');
    return db.prepare<KeptValue[]>(
      `INSERT OR IGNORE INTO "${name}" (${used.map((column) => `"${column}"`).join(', ')}) VALUES (${places})`,
    );
  });
  let tried = 0;
  let copied = 0;
  db.exec('BEGIN IMMEDIATE');
  for (const row of rows) {
    const insert = inserts[row.length - 1];
    if (insert === undefined) continue;
    const values = row.map((value, index) =>
      typeof value === 'bigint' && NAME_COLUMN.test(columns[index] ?? '') && known.get(Number(value)) === undefined
        ? null
        : value,
    );
    try {
      copied += insert.run(...values).changes;
    } catch {
      // No such row could have been stored: it is a damaged one.
    }
    tried += 1;
    if (tried % ROWS_PER_COMMIT === 0) db.exec('COMMIT; BEGIN IMMEDIATE');
  }
  db.exec('COMMIT');
  return copied;
}

/** Ids of AUTOINCREMENT tables are not used again, though their newest rows are lost. */
function keepSequences(db: Database, rows: Iterable<KeptValue[]>): void {
  const set = db.prepare<[bigint, string]>('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?');
  const add = db.prepare<[string, bigint]>('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
  for (const [name, sequence] of rows) {
    if (typeof name !== 'string' || typeof sequence !== 'bigint' || sequence < 0n) continue;
    const isTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
    if (isTable !== undefined && set.run(sequence, name).changes === 0) add.run(name, sequence);
  }
}
