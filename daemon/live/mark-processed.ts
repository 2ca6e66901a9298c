import { DaybookError } from '../../shared/errors.ts';
import type { MarkProcessedReply, MarkProcessedRequest } from '../../shared/messages/mark-processed.ts';
import { commitFor } from '../ingest/commit-for.ts';
import type { Ingest, Sender } from '../ingest/ingest.ts';
import type { Reader } from '../query/reader.ts';

/** What an id counts for in the queue of the writer. */
const ID_BYTES = 8;

export interface MarkProcessedParts {
  ingest: Pick<Ingest, 'commit'>;
  reader: Pick<Reader, 'ask'>;
  databaseId: string;
}

/**
 * Marks events, or one page of those that match: the reader finds them, as it would for anybody, and the writer marks
 * them by their ids.
 * @throws DaybookError invalid_cursor, and what reader and writer refuse
 */
export async function applyMarks(
  { ingest, reader, databaseId }: MarkProcessedParts,
  sender: Sender,
  request: MarkProcessedRequest,
): Promise<MarkProcessedReply> {
  const { processed } = request;
  const mark = async (ids: number[]) => {
    if (ids.length === 0) return 0;
    const work = { kind: 'mark-processed', ids, processed } as const;
    return ((await commitFor(ingest, sender, work, ids.length * ID_BYTES)) as { marked: number }).marked;
  };
  if ('ids' in request) return { marked: await mark(request.ids), afterId: null };
  const { upTo, filter, afterId } = request;
  if (upTo.databaseId !== databaseId) {
    throw new DaybookError('invalid_cursor', 'the position belongs to another database');
  }
  const found = await reader.ask({ kind: 'matching-ids', afterId, upToId: upTo.id, filter });
  return { marked: await mark(found.ids), afterId: found.afterId };
}
