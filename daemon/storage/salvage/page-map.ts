import type { PageFile } from './page-file.ts';
import { childrenOf, parseTreePage } from './tree-page.ts';

/** What an entry of the pointer map says of a page. https://www.sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages */
const entryKinds = { root: 1, free: 2, firstOverflow: 3, overflow: 4, child: 5 } as const;
const ENTRY_BYTES = 5;
/** The lock bytes lie at 1 GiB, and their page holds nothing. */
const LOCK_OFFSET = 0x4000_0000;
/** No tree is deeper. */
const MAX_DEPTH = 20;

/** A table without row ids is kept as an index. */
export type TreeKind = 'table' | 'index';

/**
 * Which tree each page belongs to. Two sources say it: the pointer map, which names the parent of every page and is there
 * because of auto_vacuum, and the interior pages themselves. What one of them lost the other may know.
 */
export class PageMap {
  readonly #file: PageFile;
  /** Entry of the pointer map by page; 0 where it cannot be read. */
  readonly #kinds: Uint8Array;
  readonly #parents: Uint32Array;
  /** Root page by page; 0 when nobody knows. */
  readonly #owners: Uint32Array;
  readonly #isListedFree: Uint8Array;

  constructor(file: PageFile) {
    this.#file = file;
    this.#kinds = new Uint8Array(file.pageCount + 1);
    this.#parents = new Uint32Array(file.pageCount + 1);
    this.#owners = new Uint32Array(file.pageCount + 1);
    this.#isListedFree = new Uint8Array(file.pageCount + 1);
    this.#readPointerMap();
    for (let page = 1; page <= file.pageCount; page += 1) this.#climb(page);
    this.#readFreeList();
  }

  /** The root of the tree that a page belongs to; 0 when nobody knows. */
  ownerOf(page: number): number {
    return this.#owners[page] ?? 0;
  }

  /** Whether a page can be one of a tree, not of what was deleted. One that nobody knows anything of can be. */
  isInUse(page: number): boolean {
    const kind = this.#kinds[page] ?? 0;
    return kind === 0 ? this.#isListedFree[page] !== 1 : kind === entryKinds.root || kind === entryKinds.child;
  }

  /** Goes through a tree from its root, and claims what nobody else has. Returns whether all of it can be read. */
  walk(root: number, kind: TreeKind): boolean {
    const isVisited = new Uint8Array(this.#file.pageCount + 1);
    const todo = [root];
    let isWhole = true;
    for (let page = todo.pop(); page !== undefined; page = todo.pop()) {
      const bytes = isVisited[page] === 0 && this.isInUse(page) ? this.#file.page(page) : undefined;
      const owner = this.ownerOf(page);
      const tree = bytes !== undefined && (owner === 0 || owner === root) ? parseTreePage(bytes, page) : undefined;
      if (tree === undefined || !tree.kind.startsWith(kind)) {
        isWhole = false;
        continue;
      }
      isWhole &&= tree.isSound;
      isVisited[page] = 1;
      this.#owners[page] = root;
      todo.push(...childrenOf(tree));
    }
    return isWhole;
  }

  /** The pages of a tree, ascending. */
  *pagesOf(root: number): Generator<number, void, undefined> {
    for (let page = 1; page < this.#owners.length; page += 1) if (this.#owners[page] === root) yield page;
  }

  #readPointerMap(): void {
    const { pageBytes, pageCount } = this.#file;
    const entries = Math.floor(pageBytes / ENTRY_BYTES);
    const lockPage = LOCK_OFFSET / pageBytes + 1;
    for (let group = 2; group <= pageCount; group += entries + 1) {
      const mapPage = group === lockPage ? group + 1 : group;
      const bytes = this.#file.page(mapPage);
      const last = Math.min(group + entries, pageCount);
      if (bytes === undefined) continue;
      let valid = 0;
      for (let page = mapPage + 1; page <= last; page += 1) {
        if (this.#isEntry(bytes, (page - mapPage - 1) * ENTRY_BYTES)) valid += 1;
      }
      // Here and there garbage looks like an entry; a page of it does not.
      if (valid * 2 < last - mapPage) continue;
      for (let page = mapPage + 1; page <= last; page += 1) {
        const at = (page - mapPage - 1) * ENTRY_BYTES;
        if (!this.#isEntry(bytes, at)) continue;
        this.#kinds[page] = bytes[at] ?? 0;
        this.#parents[page] = bytes.readUInt32BE(at + 1);
      }
    }
  }

  #isEntry(bytes: Buffer, at: number): boolean {
    const kind = bytes[at] ?? 0;
    const parent = bytes.readUInt32BE(at + 1);
    if (kind === entryKinds.root || kind === entryKinds.free) return parent === 0;
    return kind >= entryKinds.firstOverflow && kind <= entryKinds.child && parent > 0 && parent <= this.#file.pageCount;
  }

  #climb(page: number): void {
    const path: number[] = [];
    let at = page;
    while (at !== 1 && this.#owners[at] === 0 && this.#kinds[at] === entryKinds.child && path.length < MAX_DEPTH) {
      path.push(at);
      at = this.#parents[at] ?? 0;
    }
    const isRoot = at === 1 || this.#kinds[at] === entryKinds.root;
    const owner = isRoot ? at : (this.#owners[at] ?? 0);
    this.#owners[at] = owner;
    for (const below of path) this.#owners[below] = owner;
  }

  /** https://www.sqlite.org/fileformat2.html#the_freelist */
  #readFreeList(): void {
    let trunk = this.#file.header()?.firstFreePage ?? 0;
    while (trunk > 0 && trunk <= this.#file.pageCount && this.#isListedFree[trunk] === 0) {
      const bytes = this.#file.page(trunk);
      const count = bytes?.readUInt32BE(4) ?? 0;
      if (bytes === undefined || count > bytes.length / 4 - 2) return;
      this.#isListedFree[trunk] = 1;
      for (let index = 0; index < count; index += 1) {
        const leaf = bytes.readUInt32BE(8 + 4 * index);
        if (leaf < this.#isListedFree.length) this.#isListedFree[leaf] = 1;
      }
      trunk = bytes.readUInt32BE(0);
    }
  }
}
