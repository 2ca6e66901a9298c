import type { Database } from 'better-sqlite3';
import type { Sample, SamplesReply, SamplesRequest } from '../../shared/messages/samples.ts';
import { IdCursors } from './id-cursor.ts';
import { listById, type RowsBehind } from './id-listing.ts';

const COLUMNS = 'id, timestamp, total_events, events_per_second, active_embryos, avg_fitness, storage_mb';
/** Of one sample in an answer. */
const SAMPLE_BYTES = 200;

/** Pages of samples, by id. */
export class SamplePages {
  readonly #cursors: IdCursors;
  readonly #rows: RowsBehind<Sample>;

  constructor(db: Database) {
    const databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    this.#cursors = new IdCursors(databaseId, 'samples');
    this.#rows = {
      asc: db.prepare(`SELECT ${COLUMNS} FROM system_stats WHERE id > ? ORDER BY id`),
      desc: db.prepare(`SELECT ${COLUMNS} FROM system_stats WHERE id < ? ORDER BY id DESC`),
    };
  }

  /** @throws DaybookError invalid_cursor */
  page(request: SamplesRequest): SamplesReply {
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = request;
    const isWanted = ({ timestamp }: Sample) => timestamp >= since && timestamp < until;
    const { rows, cursor } = listById(this.#rows, this.#cursors, request, isWanted, () => SAMPLE_BYTES);
    return { samples: rows, cursor };
  }
}
