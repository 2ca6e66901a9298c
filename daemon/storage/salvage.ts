import type { Database } from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { newestSchema } from '../../shared/database-format.ts';
import { openWriter } from './open-database.ts';
import type { OnStep } from './opening-step.ts';
import { EventCopier } from './salvage/event-copier.ts';
import { eventRows } from './salvage/event-rows.ts';
import { IdSet } from './salvage/id-set.ts';
import { IdentityIndex } from './salvage/identity-index.ts';
import { readKnownEvents } from './salvage/known-events.ts';
import { type MissingRange, missingRanges } from './salvage/missing-ranges.ts';
import { PageFile } from './salvage/page-file.ts';
import { PageMap } from './salvage/page-map.ts';
import { SourceMeta } from './salvage/source-meta.ts';
import { SourceNames } from './salvage/source-names.ts';
import { findTrees, type SourceTree } from './salvage/source-trees.ts';
import { copyTables } from './salvage/table-copier.ts';

export type { MissingRange };

export interface SalvageOptions {
  /** The id to keep when that of the damaged database cannot be read. */
  databaseId?: string;
  onStep?: OnStep;
}

export interface SalvageReport {
  /** Rows of events that were found, and those of them that are what was stored. */
  eventsRead: number;
  eventsKept: number;
  /** Ids of rows that were found and left out: the first 1,000 of them, and how many there are. */
  damagedIds: number[];
  damagedCount: number;
  /** The highest id that was ever given, as far as that can be known. */
  lastId: number;
  /** Patterns that were copied. */
  patterns: number;
  /** All events that were there and are not kept, the damaged ones among them. */
  missingRanges: MissingRange[];
  durationMs: number;
}

/** Pages after which it is told how far it is. */
const PAGES_PER_STEP = 1_000;
/** Damaged ids that are told one by one. */
const MAX_DAMAGED_IDS = 1_000;

/**
 * Makes a new database of what can be read of a damaged one.
 *
 * It reads the pages of the file itself, the write-ahead log laid over them, and takes every page for what stands on it:
 * a damaged page costs the rows on it, never those that SQLite would have reached through it. Of events it takes those
 * that have the hash they were stored with, so none comes back changed. Deleted rows stay deleted: pages that are free
 * are left alone, as far as anything tells that they are.
 *
 * @param sourcePath the damaged database; its `-wal`, if any, is beside it. Neither is changed
 * @param targetPath must not exist; nothing is left there when salvaging fails
 * @throws DaybookError damaged_database when there is nothing of Daybook in the file, newer_schema; SqliteError
 */
export function salvage(sourcePath: string, targetPath: string, options: SalvageOptions = {}): SalvageReport {
  const startedMs = performance.now();
  const file = PageFile.open(sourcePath);
  try {
    refuseNewer(file, sourcePath);
    const db = openWriter(targetPath);
    try {
      const report = move(file, db, options);
      if (report === undefined) {
        throw new DaybookError('damaged_database', `nothing in ${sourcePath} can be read as a daybook database`);
      }
      check(db);
      db.close();
      return { ...report, durationMs: performance.now() - startedMs };
    } catch (error) {
      db.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(targetPath + suffix, { force: true });
      throw error;
    }
  } finally {
    file.close();
  }
}

function refuseNewer(file: PageFile, path: string): void {
  const version = file.header()?.userVersion ?? 0;
  const newest = newestSchema;
  // A damaged version is anything; the ones of the near future are none of that.
  if (version <= newest || version > newest + 1_000) return;
  throw new DaybookError('newer_schema', `${path} has schema ${version} and this daybook knows ${newest}`);
}

/** Undefined when there is nothing to move. */
function move(file: PageFile, db: Database, options: SalvageOptions): Omit<SalvageReport, 'durationMs'> | undefined {
  const map = new PageMap(file);
  const trees = findTrees(file, map, db);
  const meta = new SourceMeta(file, map, trees.get('meta'));
  const late = openLate(file, trees);
  const names = new SourceNames();
  for (const pages of [{ file, map }, ...late]) {
    names.read(pages.file, pages.map, trees.get('name'));
    names.read(pages.file, pages.map, trees.get('sqlite_autoindex_name_2'));
  }

  const newest = meta.lastId ?? Number.MAX_SAFE_INTEGER;
  const damaged = new DamagedIds(newest);
  const identities = new IdentityIndex(file, trees.get('event_identity')?.root);
  const copier = new EventCopier(db, names, identities, newest);
  const root = trees.get('event')?.root;
  let isOurs = names.size > 0 || meta.databaseId !== undefined;
  for (const event of eventRows(file, map, root, everyPage(file, options.onStep))) {
    const isRow = event.timestamp !== undefined;
    isOurs ||= isRow;
    if (!isRow || copier.copy(event) === 'damaged') damaged.add(event.id);
  }
  for (const pages of late) {
    for (const event of eventRows(pages.file, pages.map, root, pages.numbers)) {
      if (event.timestamp !== undefined) copier.copy(event);
    }
  }
  copier.finish();
  if (!isOurs) return undefined;

  const known = readKnownEvents(file, map, trees);
  const newestKept = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM event').pluck().get() ?? 0;
  const lastId = Math.max(meta.lastId ?? known.ids.largest, newestKept);
  const copied = copyTables(file, map, trees, db);
  meta.copyTo(db, lastId, options.databaseId);
  known.ids.addAll(damaged.ids);
  const eventsRead = copier.kept + damaged.count;
  const isEveryLostIdKnown = known.areAll || (known.count === eventsRead && damaged.unnamed === 0);
  return {
    eventsRead,
    eventsKept: copier.kept,
    damagedIds: damaged.first,
    damagedCount: damaged.count,
    lastId,
    patterns: copied.get('patterns') ?? 0,
    missingRanges: missingRanges(db, known, lastId, isEveryLostIdKnown),
  };
}

/** Pages behind a damaged frame of the log, if there are any. They only add what is not there yet. */
function openLate(file: PageFile, trees: ReadonlyMap<string, SourceTree>) {
  const { file: lateFile, pages: numbers } = file.late();
  if (numbers.length === 0) return [];
  const map = new PageMap(lateFile);
  for (const { root, kind } of trees.values()) map.walk(root, kind);
  return [{ file: lateFile, map, numbers }];
}

function* everyPage(file: PageFile, onStep: OnStep | undefined): Generator<number, void, undefined> {
  for (let page = 1; page <= file.pageCount; page += 1) {
    if (page % PAGES_PER_STEP === 1) onStep?.('saving what can be read of the damaged database', page / file.pageCount);
    yield page;
  }
}

class DamagedIds {
  readonly first: number[] = [];
  readonly ids = new IdSet();
  count = 0;
  /** Those of which nobody knows the id. */
  unnamed = 0;
  readonly #newest: number;

  /** @param newest the highest id that was given: one above it is damaged itself */
  constructor(newest: number) {
    this.#newest = newest;
  }

  add(id: number): void {
    this.count += 1;
    if (id === 0 || id > this.#newest) {
      this.unnamed += 1;
      return;
    }
    this.ids.add(id);
    if (this.first.length < MAX_DAMAGED_IDS) this.first.push(id);
  }
}

function check(db: Database): void {
  const problem = String(db.pragma('quick_check(1)', { simple: true }));
  if (problem !== 'ok') throw new Error(`the salvaged database is not sound: ${problem}`);
}
