import type { Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';
import type { Order } from '../../shared/messages/query.ts';
import type { IdCursors } from './id-cursor.ts';

/** Statements that give all rows behind an id, in one order each. */
export type RowsBehind<Row> = { [order in Order]: Statement<[number], Row> };

export interface ListingPage<Row> {
  rows: Row[];
  cursor: string | null;
}

/** A page of the rows that match, bounded in rows, bytes and time. */
export function listById<Row extends { id: number }>(
  statements: RowsBehind<Row>,
  cursors: IdCursors,
  request: { order: Order; limit: number; cursor?: string },
  matches: (row: Row) => boolean,
  bytesOf: (row: Row) => number,
): ListingPage<Row> {
  const { order, limit, cursor } = request;
  const start = order === 'asc' ? 0 : Number.MAX_SAFE_INTEGER;
  const from = cursor === undefined ? start : cursors.decode(cursor, order);
  const endMs = performance.now() + limits.queryDeadlineMs;
  const rows: Row[] = [];
  let bytes = 0;
  let last = from;
  for (const row of statements[order].iterate(from)) {
    const size = bytesOf(row);
    const isFull = rows.length === limit || (rows.length > 0 && bytes + size > limits.pageBytes);
    if (isFull || performance.now() > endMs) return { rows, cursor: cursors.encode(order, last) };
    last = row.id;
    if (!matches(row)) continue;
    rows.push(row);
    bytes += size;
  }
  return { rows, cursor: null };
}
