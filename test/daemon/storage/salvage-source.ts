import Sqlite, { type Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { salvage, type SalvageOptions, type SalvageReport } from '../../../daemon/storage/salvage.ts';
import { databaseInconsistencies } from '../../harness/database-inconsistencies.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

export const PAGE_BYTES = 4_096;

/** An event as the view `events` shows it. */
export interface EventInView {
  id: number;
  timestamp: number;
  [column: string]: unknown;
}

interface PageRow {
  name: string;
  path: string;
  pageno: number;
  pagetype: 'internal' | 'leaf' | 'overflow';
  ncell: number;
}

/** A database with events in it, closed, and what is where in its file. */
export class SalvageSource {
  readonly bytes: Buffer;
  readonly events: EventInView[];
  readonly databaseId: string;
  readonly lastId: number;
  readonly #pages: PageRow[];

  /** @param more done to the database before it is closed */
  constructor(count: number, more: (database: TemporaryDatabase) => void = () => undefined) {
    using database = new TemporaryDatabase();
    for (let from = 0; from < count; from += 1_000) {
      const events = Array.from({ length: Math.min(1_000, count - from) }, (_, n) => eventNumber(from + n));
      database.append(events, 1_700_000_000 + from);
    }
    more(database);
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    this.events = eventsIn(database.db);
    this.databaseId = metaOf(database.db, 'database_id');
    this.lastId = Number(metaOf(database.db, 'last_id'));
    this.#pages = database.db
      .prepare<[], PageRow>('SELECT name, path, pageno, pagetype, ncell FROM dbstat ORDER BY name, path')
      .all();
    database.db.close();
    this.bytes = readFileSync(database.path);
  }

  get pageCount(): number {
    return this.bytes.length / PAGE_BYTES;
  }

  /** Pages of a table or an index, in the order of their keys. */
  pagesOf(name: string, type?: PageRow['pagetype']): number[] {
    const pages = this.#pages.filter((page) => page.name === name && (type === undefined || page.pagetype === type));
    assert.ok(pages.length > 0, `${name} has no ${type ?? 'pages'}`);
    return pages.map(({ pageno }) => pageno);
  }

  /** Ids of the events that stand on a page, wholly or in part. */
  idsOn(pageNumber: number): number[] {
    const ids = this.events.map(({ id }) => id).toSorted((a, b) => a - b);
    const leaves = this.#pages.filter(({ name, pagetype }) => name === 'event' && pagetype === 'leaf');
    const page = this.#pages.find(({ name, pageno }) => name === 'event' && pageno === pageNumber);
    let before = 0;
    for (const leaf of leaves) {
      if (leaf.pageno === pageNumber) return ids.slice(before, before + leaf.ncell);
      // The path of an overflow page is that of its leaf, then the cell.
      if (page?.pagetype === 'overflow' && page.path.startsWith(leaf.path)) {
        const cell = Number.parseInt(page.path.slice(leaf.path.length), 16);
        return ids.slice(before + cell, before + cell + 1);
      }
      before += leaf.ncell;
    }
    return [];
  }

  /** A copy of the file with something done to it. */
  damaged(damage: (bytes: Buffer) => void): Buffer {
    const bytes = Buffer.from(this.bytes);
    damage(bytes);
    return bytes;
  }
}

/** The bytes of a page, to be written over. */
export function pageIn(bytes: Buffer, pageNumber: number): Buffer {
  return bytes.subarray((pageNumber - 1) * PAGE_BYTES, pageNumber * PAGE_BYTES);
}

export interface Salvaged {
  report: SalvageReport;
  events: EventInView[];
  databaseId: string;
  lastId: number;
  /** Rows of any table. */
  rows: { [table: string]: unknown[] };
}

/** Salvages these bytes, and finds out what came of it. What must hold for any damage is checked here. */
export function salvaged(bytes: Buffer, options: SalvageOptions = {}, log?: Buffer): Salvaged {
  using home = temporaryHome();
  const [source, target] = [join(home.path, 'source.db'), join(home.path, 'target.db')];
  writeFileSync(source, bytes);
  if (log !== undefined) writeFileSync(`${source}-wal`, log);
  const report = salvage(source, target, options);
  assert.ok(readFileSync(source).equals(bytes), 'the damaged database is as it was');
  assert.ok(!readdirSync(home.path).some((name) => name.startsWith('target.db-')), 'the new one is folded in');
  const db = new Sqlite(target, { readonly: true });
  try {
    // The new database has not recorded what the old one did, and keeps the gaps that were known before.
    const others = databaseInconsistencies(db).filter((problem) => !/^a (counter of ids that|gap)/.test(problem));
    assert.deepEqual(others, []);
    const events = eventsIn(db);
    const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
    const lastId = Number(metaOf(db, 'last_id'));
    assert.equal(report.eventsKept, events.length);
    assert.equal(report.eventsRead, report.eventsKept + report.damagedCount);
    assert.equal(report.lastId, lastId);
    const rows = Object.fromEntries(tables.map((name) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]));
    return { report, events, databaseId: metaOf(db, 'database_id'), lastId, rows };
  } finally {
    db.close();
  }
}

/** What damage must never do: change an event, bring one up that was not there, or lose one without a word. */
export function assertHonest(source: SalvageSource, { report, events }: Salvaged): void {
  const originals = new Map(source.events.map((event) => [event.id, event]));
  for (const event of events) assert.deepEqual(event, originals.get(event.id));
  const kept = new Set(events.map(({ id }) => id));
  const lost = source.events.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
  const unsaid = lost.filter(
    (id) => id <= report.lastId && !report.missingRanges.some(({ fromId, toId }) => fromId <= id && id <= toId),
  );
  assert.deepEqual(unsaid.slice(0, 5), [], 'every lost event lies in a missing range');
  for (const { fromId, toId, count, sinceSeconds, untilSeconds } of report.missingRanges) {
    assert.ok(count > 0 && count <= toId - fromId + 1 && sinceSeconds <= untilSeconds);
  }
}

/** How many events the report calls missing. */
export function missingCount({ missingRanges }: SalvageReport): number {
  return missingRanges.reduce((sum, { count }) => sum + count, 0);
}

export function eventsIn(db: Database): EventInView[] {
  return db.prepare<[], EventInView>('SELECT * FROM events ORDER BY id').all();
}

function metaOf(db: Database, key: string): string {
  return String(db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key));
}

/** Most are small, some are compressed, and some do not fit on one page. */
export function eventNumber(n: number) {
  return {
    type: `type-${n % 5}`,
    source: `source-${n % 3}`,
    ...(n % 4 > 0 && { action: `action-${n % 4}` }),
    timestamp: 1_700_000_000 + n / 4,
    data: {
      n,
      text: 'x'.repeat(n % 60),
      ...(n % 97 === 0 && { long: 'y'.repeat(2_000) }),
      ...(n % 211 === 0 && {
        numbers: Array.from({ length: 1_500 }, (_, index) => ((index + 1) * (n + 7919)) % 999_983),
      }),
    },
  };
}
