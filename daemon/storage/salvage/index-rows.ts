import { indexPayload } from './cell.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import { decodeRecord, type KeptValue } from './record.ts';
import { parseTreePage } from './tree-page.ts';

/**
 * The rows of an index, or of a table without row ids, in no order. Interior pages hold rows as well. A row that cannot
 * be read is an empty one.
 */
export function* indexRows(file: PageFile, map: PageMap, root: number): Generator<KeptValue[], void, undefined> {
  for (const pageNumber of map.pagesOf(root)) {
    const page = parseTreePage(file.page(pageNumber) ?? Buffer.alloc(0), pageNumber);
    if (page?.kind !== 'index-leaf' && page?.kind !== 'index-interior') continue;
    for (const at of page.cells) {
      const payload = indexPayload(file, page, at);
      yield (payload && decodeRecord(payload)) ?? [];
    }
  }
}
