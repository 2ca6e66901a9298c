import Database from 'better-sqlite3';
import { unzipSync } from 'node:zlib';
import { isUtf8 } from 'node:buffer';
import { DaybookError } from '../../../shared/errors.ts';
import type { EventInput } from '../../../shared/event.ts';
import { limits } from '../../../shared/limits.ts';
import { parseJsonBytes } from '../ndjson.ts';
import { type Entry, entryOf } from './entry.ts';

interface EventRow {
  id: number;
  timestamp: unknown;
  event_type: Buffer | null;
  action: Buffer | null;
  source: Buffer | null;
  json: Buffer | null;
  packed: unknown;
}

/** A row of `patterns`. */
export interface PatternRow {
  id: number;
  eventId: unknown;
  patternType: unknown;
  confidence: unknown;
  patternData: unknown;
  embryoId: unknown;
}

/** A row of `system_stats`; what it does not know is null. */
export interface SampleRow {
  id: number;
  timestamp: unknown;
  total_events: unknown;
  events_per_second: unknown;
  active_embryos: unknown;
  avg_fitness: unknown;
  storage_mb: unknown;
}

const PAGE_ROWS = 200;

// Texts are read as bytes: as text, what is not UTF-8 would be replaced without a word.
const EVENT_COLUMNS = `SELECT id, timestamp, CAST(event_type AS BLOB) AS event_type, CAST(action AS BLOB) AS action,
  CAST(source AS BLOB) AS source, CAST(data_json AS BLOB) AS json, data_compressed AS packed FROM events`;
const EVENTS_AFTER = `${EVENT_COLUMNS} WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`;
const EVENT_BY_ID = `${EVENT_COLUMNS} WHERE id = ?`;
const PATTERNS_AFTER = `SELECT id, event_id AS eventId, pattern_type AS patternType, confidence,
  pattern_data AS patternData, embryo_id AS embryoId FROM patterns WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`;
const SAMPLES_AFTER = `SELECT id, timestamp, total_events, events_per_second, active_embryos, avg_fitness, storage_mb
  FROM system_stats WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`;
const TABLES = "SELECT name, type FROM sqlite_master WHERE name IN ('events', 'patterns', 'system_stats')";

/**
 * The `events.db` of the system that Daybook follows, or of Daybook itself, opened to be read only. Rows are read in
 * pages by id, so nothing is locked between them and a row more or less meanwhile does no harm.
 */
export class OldDatabase {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #tables: ReadonlyMap<string, string>;

  /** @throws when it is no such database, or cannot be read */
  constructor(file: string) {
    this.#file = file;
    this.#database = this.#read(() => new Database(file, { readonly: true, fileMustExist: true }));
    const tables = this.#read(() => this.#database.prepare(TABLES).all() as { name: string; type: string }[]);
    this.#tables = new Map(tables.map(({ name, type }) => [name, type]));
    if (!this.#tables.has('events')) throw new Error(`${file} has no table of events`);
  }

  /** How many there are, about. */
  countEvents(): number {
    return this.#read(() => this.#database.prepare('SELECT count(*) FROM events').pluck().get() as number);
  }

  *events(): Generator<Entry, void, undefined> {
    for (const row of this.#rows<EventRow>(EVENTS_AFTER)) {
      const bytes = (row.json?.length ?? 0) + (Buffer.isBuffer(row.packed) ? row.packed.length : 0);
      const entry = entryOf({ unit: 'row', number: row.id }, bytes, () => this.#eventFrom(row));
      if (entry !== undefined) yield entry;
    }
  }

  /** The event of this id; undefined when there is none, or it cannot be read. */
  event(id: unknown): EventInput | undefined {
    const row = this.#read(() => this.#database.prepare(EVENT_BY_ID).get(id) as EventRow | undefined);
    const entry = row && entryOf({ unit: 'row', number: row.id }, 0, () => this.#eventFrom(row));
    return entry !== undefined && 'event' in entry ? entry.event : undefined;
  }

  *patterns(): Generator<PatternRow, void, undefined> {
    if (this.#tables.has('patterns')) yield* this.#rows<PatternRow>(PATTERNS_AFTER);
  }

  *samples(): Generator<SampleRow, void, undefined> {
    if (this.#tables.has('system_stats')) yield* this.#rows<SampleRow>(SAMPLES_AFTER);
  }

  close(): void {
    this.#database.close();
  }

  *#rows<Row extends { id: number }>(sql: string): Generator<Row, void, undefined> {
    const statement = this.#read(() => this.#database.prepare<[number], Row>(sql));
    let page: Row[] = [];
    let after = Number.MIN_SAFE_INTEGER;
    do {
      page = this.#read(() => statement.all(after));
      yield* page;
      after = page.at(-1)?.id ?? after;
    } while (page.length === PAGE_ROWS);
  }

  /** @throws DaybookError why it is no event */
  #eventFrom(row: EventRow): EventInput {
    const value = parseJsonBytes(payloadOf(row), 'its data');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new DaybookError('invalid_data', 'its data is not a map');
    }
    const columns = {
      type: textOf(row.event_type, 'event_type'),
      source: textOf(row.source, 'source'),
      timestamp: row.timestamp,
      action: textOf(row.action, 'action'),
    };
    const data = value as { [key: string]: unknown };
    // A view: the database is one of Daybook, whose data never repeats the columns.
    const isOwn = this.#tables.get('events') === 'view';
    // Checked by the daemon like everything else that is sent.
    return { ...columns, data: isOwn ? data : withoutColumns(data, columns) } as unknown as EventInput;
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (cause) {
      throw new Error(`${this.#file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
}

/** @throws DaybookError invalid_data, too_large */
function payloadOf({ json, packed }: EventRow): Buffer {
  if (packed === null) return json ?? Buffer.alloc(0);
  if (!Buffer.isBuffer(packed)) throw new DaybookError('invalid_data', 'data_compressed is not binary');
  try {
    return unzipSync(packed, { maxOutputLength: limits.frameBytes });
  } catch (cause) {
    const isTooLong = cause instanceof RangeError;
    throw isTooLong
      ? new DaybookError('too_large', `its data is over ${limits.frameBytes} bytes long`, { cause })
      : new DaybookError('invalid_data', `its data cannot be unpacked: ${(cause as Error).message}`, { cause });
  }
}

function textOf(bytes: Buffer | null, column: string): string | null {
  if (bytes === null) return null;
  if (!isUtf8(bytes)) throw new DaybookError('invalid_utf8', `${column} is not valid UTF-8`);
  return bytes.toString('utf8');
}

/** The older system kept the whole flat event beside its columns: what only repeats one of them goes. */
function withoutColumns(
  flat: { [key: string]: unknown },
  columns: { type: unknown; source: unknown; timestamp: unknown; action: unknown },
): { [key: string]: unknown } {
  const repeated: { [key: string]: unknown } = {
    type: columns.type,
    action: columns.action,
    ts: columns.timestamp,
    src: columns.source,
  };
  return Object.fromEntries(
    Object.entries(flat).filter(([key, value]) => !Object.hasOwn(repeated, key) || repeated[key] !== value),
  );
}
