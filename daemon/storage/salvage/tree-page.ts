/** Pages of B-trees, read from their bytes: https://www.sqlite.org/fileformat2.html#b_tree_pages */

export type TreePageKind = 'index-interior' | 'table-interior' | 'index-leaf' | 'table-leaf';

export interface TreePage {
  kind: TreePageKind;
  bytes: Buffer;
  /** Where cells begin, in the order of their keys. Those that cannot be cells are left out. */
  cells: number[];
  /** The child behind the last cell of an interior page. */
  rightChild: number;
  /** Nothing was left out. */
  isSound: boolean;
}

const kinds = new Map<number | undefined, TreePageKind>([
  [2, 'index-interior'],
  [5, 'table-interior'],
  [10, 'index-leaf'],
  [13, 'table-leaf'],
]);

/** The first page begins with the header of the file. */
const FILE_HEADER_BYTES = 100;
const SMALLEST_CELL_BYTES = 4;

/** Undefined when the bytes do not begin as a page of a tree does. */
export function parseTreePage(bytes: Buffer, pageNumber: number): TreePage | undefined {
  const headerAt = pageNumber === 1 ? FILE_HEADER_BYTES : 0;
  const kind = kinds.get(bytes[headerAt]);
  if (kind === undefined) return undefined;
  const isLeaf = kind === 'table-leaf' || kind === 'index-leaf';
  const count = bytes.readUInt16BE(headerAt + 3);
  const contentAt = bytes.readUInt16BE(headerAt + 5) || 65_536;
  const pointersAt = headerAt + (isLeaf ? 8 : 12);
  const pointersEnd = pointersAt + 2 * count;
  if (pointersEnd > bytes.length) return undefined;
  const cells: number[] = [];
  for (let at = pointersAt; at < pointersEnd; at += 2) {
    const cell = bytes.readUInt16BE(at);
    if (cell >= pointersEnd && cell + SMALLEST_CELL_BYTES <= bytes.length) cells.push(cell);
  }
  return {
    kind,
    bytes,
    cells,
    rightChild: isLeaf ? 0 : bytes.readUInt32BE(headerAt + 8),
    isSound: cells.length === count && contentAt >= pointersEnd && contentAt <= bytes.length,
  };
}

/** The pages below an interior page, in the order of their keys. */
export function childrenOf(page: TreePage): number[] {
  if (page.kind === 'table-leaf' || page.kind === 'index-leaf') return [];
  return [...page.cells.map((at) => page.bytes.readUInt32BE(at)), page.rightChild];
}
