import type { Database } from 'better-sqlite3';
import { tableRow } from './cell.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap, TreeKind } from './page-map.ts';
import { decodeRecord } from './record.ts';
import { parseTreePage } from './tree-page.ts';

/** A table or an index of the damaged database. */
export interface SourceTree {
  root: number;
  kind: TreeKind;
  /** Every page of it can be read. */
  isWhole: boolean;
}

interface SchemaRow {
  name: string;
  tableName: string;
  root: number;
  sql: string;
}

const SCHEMA_ROOT = 1;
/** Tables that every schema has, with columns that only grow in number. */
const LASTING = ['event', 'name', 'meta'];
/** A definition in which so many characters differ is the same one, damaged. */
const DAMAGED_CHARACTERS = 16;

/**
 * Finds the trees of the damaged database. Where its schema cannot be read they are taken to be where a fresh database
 * has them: with auto_vacuum, roots come first in the file, in the order in which the migrations make them.
 *
 * @param fresh a database with the schema that is wanted
 * @returns by name; only tables and indexes that `fresh` has in the same form
 */
export function findTrees(file: PageFile, map: PageMap, fresh: Database): Map<string, SourceTree> {
  map.walk(SCHEMA_ROOT, 'table');
  const found = readSchema(file, map);
  const wanted = fresh
    .prepare<[], SchemaRow>(
      `SELECT name, tbl_name AS tableName, rootpage AS root, coalesce(sql, '') AS sql FROM sqlite_schema
       WHERE rootpage > 0`,
    )
    .all();
  const withRowIds = fresh
    .prepare<[], string>("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 0")
    .pluck()
    .all();

  const isRootOf = (root: number, name: string) => {
    const owner = map.ownerOf(root);
    return (owner === 0 || owner === root) && found.every((row) => row.name === name || row.root !== root);
  };
  const trees = new Map<string, SourceTree>();
  for (const { name, tableName, root: freshRoot, sql } of wanted) {
    const row = found.find((candidate) => candidate.name === name);
    if (row !== undefined && !LASTING.includes(tableName) && !isAlike(row.sql, sql)) continue;
    const root = [row?.root ?? 0, freshRoot].find((candidate) => candidate > 0 && isRootOf(candidate, name));
    if (root === undefined) continue;
    const kind = withRowIds.includes(name) ? 'table' : 'index';
    trees.set(name, { root, kind, isWhole: map.walk(root, kind) });
  }
  return trees;
}

function readSchema(file: PageFile, map: PageMap): SchemaRow[] {
  const rows: SchemaRow[] = [];
  for (const pageNumber of map.pagesOf(SCHEMA_ROOT)) {
    const page = parseTreePage(file.page(pageNumber) ?? Buffer.alloc(0), pageNumber);
    if (page?.kind !== 'table-leaf') continue;
    for (const at of page.cells) {
      const payload = tableRow(file, page, at)?.payload;
      const [, name, tableName, root, sql] = (payload && decodeRecord(payload)) ?? [];
      if (typeof name !== 'string' || typeof tableName !== 'string' || typeof root !== 'bigint') continue;
      rows.push({ name, tableName, root: Number(root), sql: typeof sql === 'string' ? sql : '' });
    }
  }
  return rows;
}

function isAlike(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let different = 0;
  for (let at = 0; at < one.length; at += 1) if (one.charCodeAt(at) !== other.charCodeAt(at)) different += 1;
  return different <= DAMAGED_CHARACTERS;
}
