import type { Indexer } from '../search/indexer.ts';
import type { Writer } from '../writer/writer.ts';

/**
 * Has the search index follow a cleanup: parts of which nothing is left go, and those of which little is left are made anew.
 * What fails is tried again after the next cleanup.
 */
export async function keepIndexSmall(
  sparseParts: readonly number[],
  indexer: Pick<Indexer, 'forget' | 'noteRemoved'>,
  writer: Pick<Writer, 'housekeep'>,
): Promise<void> {
  indexer.noteRemoved();
  if (sparseParts.length === 0) return;
  await indexer.forget(sparseParts);
  await writer.housekeep({ kind: 'index-thinned', parts: sparseParts });
}
