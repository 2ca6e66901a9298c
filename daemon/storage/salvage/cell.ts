import { limits } from '../../../shared/limits.ts';
import type { PageFile } from './page-file.ts';
import { readVarint } from './record.ts';
import type { TreePage } from './tree-page.ts';

/** No row of ours is longer: a payload, and as much again for the rest of it. */
const LONGEST_ROW_BYTES = 2 * limits.payloadJsonBytes;

/** A row of a table with row ids, from a cell of a leaf. The payload is undefined when it cannot be read. */
export function tableRow(
  file: PageFile,
  page: TreePage,
  cellAt: number,
): { id: number; payload: Buffer | undefined } | undefined {
  const size = readVarint(page.bytes, cellAt);
  if (size === undefined) return undefined;
  const id = readVarint(page.bytes, size.end);
  if (id === undefined || id.value === 0) return undefined;
  return { id: id.value, payload: readPayload(file, page, id.end, size.value, file.pageBytes - 35) };
}

/** A row of an index, or of a table without row ids, from a cell of a leaf or an interior page. */
export function indexPayload(file: PageFile, page: TreePage, cellAt: number): Buffer | undefined {
  const size = readVarint(page.bytes, page.kind === 'index-interior' ? cellAt + 4 : cellAt);
  if (size === undefined) return undefined;
  const maxLocal = Math.floor(((file.pageBytes - 12) * 64) / 255) - 23;
  return readPayload(file, page, size.end, size.value, maxLocal);
}

/**
 * A payload begins in its cell and goes on in a chain of overflow pages when it is longer than `maxLocal`.
 * https://www.sqlite.org/fileformat2.html#cell_payload_overflow_pages
 */
function readPayload(file: PageFile, page: TreePage, at: number, size: number, maxLocal: number): Buffer | undefined {
  if (size > LONGEST_ROW_BYTES) return undefined;
  const { pageBytes } = file;
  const local = size <= maxLocal ? size : localBytes(size, maxLocal, pageBytes);
  if (size === local) return at + size <= page.bytes.length ? page.bytes.subarray(at, at + size) : undefined;
  if (at + local + 4 > page.bytes.length) return undefined;

  const parts = [page.bytes.subarray(at, at + local)];
  let next = page.bytes.readUInt32BE(at + local);
  for (let missing = size - local; missing > 0; ) {
    const overflow = file.page(next);
    if (overflow === undefined) return undefined;
    const part = overflow.subarray(4, 4 + Math.min(missing, pageBytes - 4));
    parts.push(part);
    missing -= part.length;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function localBytes(size: number, maxLocal: number, pageBytes: number): number {
  const minLocal = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
  const local = minLocal + ((size - minLocal) % (pageBytes - 4));
  return local <= maxLocal ? local : minLocal;
}
