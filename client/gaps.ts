import type { Gap, GapsReply, GapsRequest } from '../shared/messages/gaps.ts';

/** Which gaps. */
export type GapQuery = Pick<GapsRequest, 'since' | 'source'>;

/** All gaps, in the order in which they were noticed. */
export async function* queryGaps(
  query: GapQuery,
  ask: (request: Partial<GapsRequest>) => Promise<GapsReply>,
): AsyncGenerator<Gap, void, undefined> {
  let afterId: number | null = 0;
  while (afterId !== null) {
    const page: GapsReply = await ask({ ...query, afterId, limit: PAGE_ROWS });
    yield* page.gaps;
    afterId = page.nextId;
  }
}

const PAGE_ROWS = 500;
