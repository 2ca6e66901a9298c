/**
 * What a page of a B-tree does not use: https://www.sqlite.org/fileformat2.html#b_tree_pages. SQLite leaves old bytes
 * there, `secure_delete` or not: when pages share out their cells anew, the places from which cells have moved stay as they
 * were. Pure: bytes in, bytes changed.
 */
import { readVarint } from '../storage/salvage/record.ts';
import { parseTreePage, type TreePage } from '../storage/salvage/tree-page.ts';

/** A payload that goes on in a chain of pages. */
export interface OverflowChain {
  firstPage: number;
  /** Of the payload, in the chain. */
  bytes: number;
}

export interface ClearedPage {
  /** Bytes that were not zero before. */
  changed: number;
  chains: OverflowChain[];
}

const FREEBLOCK_HEAD_BYTES = 4;
const SMALLEST_CELL_BYTES = 4;

/** Writes zeros over what is not used. Undefined when the page is not as it must be; then nothing was changed. */
export function clearUnusedBytes(bytes: Buffer, pageNumber: number): ClearedPage | undefined {
  const page = parseTreePage(bytes, pageNumber);
  if (page === undefined || !page.isSound) return undefined;
  const headerAt = pageNumber === 1 ? 100 : 0;
  const isLeaf = page.kind === 'table-leaf' || page.kind === 'index-leaf';
  const pointersEnd = headerAt + (isLeaf ? 8 : 12) + 2 * page.cells.length;
  const contentAt = bytes.readUInt16BE(headerAt + 5) || 65_536;
  const freeblocks = freeblocksIn(bytes, headerAt);
  const cells = page.cells.map((at) => cellAt(page, at));
  if (freeblocks === undefined || cells.includes(undefined)) return undefined;
  const found = cells as Cell[];
  const used = [
    { from: 0, to: pointersEnd },
    ...found.map(({ from, to }) => ({ from, to })),
    ...freeblocks.map(({ from }) => ({ from, to: from + FREEBLOCK_HEAD_BYTES })),
  ].toSorted((a, b) => a.from - b.from);
  // Each byte of the page is accounted for, or nothing is touched.
  const sum =
    contentAt +
    found.reduce((bytesOfCells, { from, to }) => bytesOfCells + to - from, 0) +
    freeblocks.reduce((free, { from, to }) => free + to - from, 0) +
    (bytes[headerAt + 7] ?? 0);
  if (sum !== bytes.length || used.some(({ from }, index) => from < (used[index - 1]?.to ?? 0))) return undefined;
  let changed = 0;
  for (const [index, { to }] of used.entries()) changed += clear(bytes, to, used[index + 1]?.from ?? bytes.length);
  return { changed, chains: found.flatMap(({ chain }) => chain ?? []) };
}

/** Writes zeros into a part of a page. Returns how many bytes were not zero. */
export function clear(bytes: Buffer, from: number, to: number): number {
  let changed = 0;
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0) changed += 1;
  if (changed > 0) bytes.fill(0, from, to);
  return changed;
}

interface Cell {
  from: number;
  to: number;
  chain?: OverflowChain;
}

function cellAt({ kind, bytes }: TreePage, from: number): Cell | undefined {
  const sizeAt = kind === 'table-interior' || kind === 'index-interior' ? from + 4 : from;
  const size = readVarint(bytes, sizeAt);
  if (size === undefined) return undefined;
  if (kind === 'table-interior') return within(bytes, { from, to: size.end });
  const payloadAt = kind === 'table-leaf' ? readVarint(bytes, size.end)?.end : size.end;
  if (payloadAt === undefined) return undefined;
  const maxLocal = kind === 'table-leaf' ? bytes.length - 35 : Math.floor(((bytes.length - 12) * 64) / 255) - 23;
  if (size.value <= maxLocal) {
    return within(bytes, { from, to: Math.max(payloadAt + size.value, from + SMALLEST_CELL_BYTES) });
  }
  const minLocal = Math.floor(((bytes.length - 12) * 32) / 255) - 23;
  const most = minLocal + ((size.value - minLocal) % (bytes.length - 4));
  const local = most <= maxLocal ? most : minLocal;
  const to = payloadAt + local + 4;
  if (to > bytes.length) return undefined;
  return { from, to, chain: { firstPage: bytes.readUInt32BE(to - 4), bytes: size.value - local } };
}

function within(bytes: Buffer, cell: Cell): Cell | undefined {
  return cell.to <= bytes.length ? cell : undefined;
}

function freeblocksIn(bytes: Buffer, headerAt: number): { from: number; to: number }[] | undefined {
  const found: { from: number; to: number }[] = [];
  for (let at = bytes.readUInt16BE(headerAt + 1); at !== 0; at = bytes.readUInt16BE(at)) {
    const isSound = at >= (found.at(-1)?.to ?? 0) && at + FREEBLOCK_HEAD_BYTES <= bytes.length;
    if (!isSound) return undefined;
    found.push({ from: at, to: at + bytes.readUInt16BE(at + 2) });
  }
  return found;
}
