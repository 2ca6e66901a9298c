import type { Database } from 'better-sqlite3';
import type { Pattern, PatternFilter, PatternsReply, PatternsRequest } from '../../shared/messages/patterns.ts';
import { IdCursors } from './id-cursor.ts';
import { listById, type RowsBehind } from './id-listing.ts';

const COLUMNS = `id, event_id AS eventId, pattern_type AS patternType, confidence, pattern_data AS patternData,
  embryo_id AS embryoId, unixepoch(created_at) AS created`;

/** Pages of patterns, by id. */
export class PatternPages {
  readonly #cursors: IdCursors;
  readonly #rows: RowsBehind<Pattern>;

  constructor(db: Database) {
    const databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#cursors = new IdCursors(databaseId, 'patterns');
    this.#rows = {
      asc: db.prepare(`SELECT ${COLUMNS} FROM patterns WHERE id > ? ORDER BY id`),
      desc: db.prepare(`SELECT ${COLUMNS} FROM patterns WHERE id < ? ORDER BY id DESC`),
    };
  }

  /** @throws DaybookError invalid_cursor */
  page(request: PatternsRequest): PatternsReply {
    const isWanted = (pattern: Pattern) => matches(request.filter, pattern);
    const bytesOf = ({ patternData }: Pattern) => patternData.length;
    const { rows, cursor } = listById(this.#rows, this.#cursors, request, isWanted, bytesOf);
    return { patterns: rows, cursor };
  }
}

function matches({ types, minConfidence = 0, embryoId, eventId }: PatternFilter, pattern: Pattern): boolean {
  return (
    (types?.includes(pattern.patternType) ?? true) &&
    pattern.confidence >= minConfidence &&
    (embryoId === undefined || pattern.embryoId === embryoId) &&
    (eventId === undefined || pattern.eventId === eventId)
  );
}
