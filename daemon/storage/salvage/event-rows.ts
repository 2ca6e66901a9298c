import { hashBytes } from '../../prepare/event-hash.ts';
import { tableRow } from './cell.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import { decodeRecord, type KeptValue } from './record.ts';
import { parseTreePage } from './tree-page.ts';

/** A row of `event` as its page has it. Only the id is not covered by the hash, nor are `arrived` and `processed`. */
export interface FoundEvent {
  id: number;
  /** The id follows on that of a neighbour, as ids do: it cannot be a damaged one. */
  isIdCertain: boolean;
  timestamp: number;
  hash: Buffer;
  typeId: number;
  sourceId: number;
  actionId: number | null;
  arrived: number;
  processed: number;
  data: string | Buffer;
}

/** A row of `event` that cannot be read. */
export interface LostEvent {
  /** 0 when not even that can be read. */
  id: number;
  timestamp: undefined;
}

/**
 * The rows of `event` on these pages. It does not matter which tree a page belongs to, because only an event has the
 * hash of one.
 */
export function* eventRows(
  file: PageFile,
  map: PageMap,
  root: number | undefined,
  pages: Iterable<number>,
): Generator<FoundEvent | LostEvent, void, undefined> {
  let lastId = 0;
  for (const pageNumber of pages) {
    if (!map.isInUse(pageNumber)) continue;
    const page = parseTreePage(file.page(pageNumber) ?? Buffer.alloc(0), pageNumber);
    if (page?.kind !== 'table-leaf') continue;
    const rows = page.cells.map((at) => tableRow(file, page, at));
    for (const [index, row] of rows.entries()) {
      const id = row?.id ?? 0;
      const isIdCertain = id === lastId + 1 || rows[index + 1]?.id === id + 1;
      const event = row?.payload && eventOf(id, isIdCertain, decodeRecord(row.payload));
      if (row !== undefined) lastId = id;
      if (event !== undefined) yield event;
      else if (page.isSound && map.ownerOf(pageNumber) === root) yield { id, timestamp: undefined };
    }
  }
}

function eventOf(id: number, isIdCertain: boolean, record: KeptValue[] | undefined): FoundEvent | undefined {
  if (record?.length !== 9) return undefined;
  const [, timestamp, hash, typeId, sourceId, actionId, arrived, processed, data] = record;
  // A whole number is kept as an integer, whatever the column is.
  if (typeof timestamp !== 'number' && typeof timestamp !== 'bigint') return undefined;
  if (!Buffer.isBuffer(hash) || hash.length !== hashBytes) return undefined;
  if (typeof typeId !== 'bigint' || typeof sourceId !== 'bigint') return undefined;
  if (typeof actionId !== 'bigint' && actionId !== null) return undefined;
  if (typeof arrived !== 'bigint' || typeof processed !== 'bigint') return undefined;
  if (typeof data !== 'string' && !Buffer.isBuffer(data)) return undefined;
  return {
    id,
    isIdCertain,
    timestamp: Number(timestamp),
    hash,
    typeId: Number(typeId),
    sourceId: Number(sourceId),
    actionId: actionId === null ? null : Number(actionId),
    arrived: Number(arrived),
    processed: Number(processed),
    data,
  };
}
