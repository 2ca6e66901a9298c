import { indexPayload } from './cell.ts';
import type { PageFile } from './page-file.ts';
import { decodeRecord, type KeptValue } from './record.ts';
import { childrenOf, parseTreePage, type TreePage } from './tree-page.ts';

/** No tree is deeper. */
const MAX_DEPTH = 20;

interface Entry {
  timestamp: number;
  identity: Buffer;
  id: number;
}

/** A second witness for the id of an event: the index by (timestamp, identity), which is the hash or, since schema 5, its first half. */
export class IdentityIndex {
  readonly #file: PageFile;
  readonly #root: number | undefined;

  /** @param root undefined when nobody knows it: then it knows nothing */
  constructor(file: PageFile, root: number | undefined) {
    this.#file = file;
    this.#root = root;
  }

  /** The id of the event with this identity; undefined when the index does not have it, or cannot be read there. */
  idOf(timestamp: number, hash: Buffer): number | undefined {
    let pageNumber = this.#root;
    for (let depth = 0; depth < MAX_DEPTH && pageNumber !== undefined; depth += 1) {
      const page = parseTreePage(this.#file.page(pageNumber) ?? Buffer.alloc(0), pageNumber);
      if (page?.kind !== 'index-leaf' && page?.kind !== 'index-interior') return undefined;
      const { index, id } = this.#find(page, timestamp, hash);
      if (id !== undefined) return id;
      pageNumber = childrenOf(page)[index];
    }
    return undefined;
  }

  /** The id, or the index of the first cell behind it. */
  #find(page: TreePage, timestamp: number, hash: Buffer): { index: number; id?: number } {
    let low = 0;
    let high = page.cells.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entry(page, page.cells[middle] ?? 0);
      if (entry === undefined) return { index: -1 };
      const order = entry.timestamp - timestamp || entry.identity.compare(hash.subarray(0, entry.identity.length));
      if (order === 0) return { index: middle, id: entry.id };
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return { index: low };
  }

  #entry(page: TreePage, at: number): Entry | undefined {
    const payload = indexPayload(this.#file, page, at);
    return identityEntry((payload && decodeRecord(payload)) ?? []);
  }
}

/** What a row of the index by identity says; undefined when it is none. */
export function identityEntry(row: KeptValue[]): Entry | undefined {
  const [timestamp, identity, id] = row;
  if (typeof timestamp !== 'number' && typeof timestamp !== 'bigint') return undefined;
  if (row.length !== 3 || !Buffer.isBuffer(identity) || typeof id !== 'bigint') return undefined;
  return { timestamp: Number(timestamp), identity, id: Number(id) };
}
