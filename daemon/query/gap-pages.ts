import type { Database, Statement } from 'better-sqlite3';
import type { Gap, GapsReply, GapsRequest } from '../../shared/messages/gaps.ts';

/** Pages of what is known to be missing, in the order in which it was noticed first. */
export class GapPages {
  readonly #page: Statement<[{ afterId: number; since: number; source: string | null; limit: number }], Gap>;

  constructor(db: Database) {
    this.#page = db.prepare(
      `SELECT gap.id, name.text AS source, gap.producer, gap.events AS count, gap.since, gap.until, gap.reason,
              gap.noticed
       FROM gap LEFT JOIN name ON name.kind = 'source' AND name.id = gap.source_id
       WHERE gap.id > @afterId AND gap.until >= @since
         AND (@source IS NULL OR gap.source_id IS NULL OR name.text = @source)
       ORDER BY gap.id LIMIT @limit`,
    );
  }

  page({ since, source, afterId, limit }: GapsRequest): GapsReply {
    const gaps = this.#page.all({ afterId, since: since ?? 0, source: source ?? null, limit });
    return { gaps, nextId: gaps.length < limit ? null : (gaps.at(-1)?.id ?? null) };
  }
}
