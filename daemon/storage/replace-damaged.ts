import { constants, copyFileSync, existsSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';
import { removeSearchIndex, searchIndexPath } from '../search/index-file.ts';
import { GapLedger } from './gap-ledger.ts';
import { Marker, type Marked } from './marker.ts';
import { openWriter } from './open-database.ts';
import type { OnStep } from './opening-step.ts';
import { salvage, type SalvageReport } from './salvage.ts';
import { storageFailure } from './storage-failure.ts';

/** Told about what a person should know. Never holds event content. */
export type Notice = (message: string, details: { [name: string]: unknown }) => void;

/** The files of a database; the database itself comes last, so that it is only where all of them are. */
const SUFFIXES = ['-shm', '-wal', ''] as const;

/**
 * Sets a damaged database aside whole, as `PATH.corrupt-UTC`, and puts a new one in its place with all that can be read
 * of it, under the same database id. Can be ended at any point and goes on with the next call: the marker knows.
 *
 * @param marked its `setAside` is where an earlier call had begun to move the database
 * @throws DaybookError damaged_database when there is no room for a copy
 */
export function replaceDamaged(path: string, marked: Marked, onNotice: Notice, onStep?: OnStep): void {
  const aside = marked.setAside ?? `${path}.corrupt-${utcStamp()}`;
  Marker.write(`${path}.marker`, { ...marked, setAside: aside }).close();
  if (!existsSync(aside)) {
    for (const suffix of SUFFIXES) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    // Names get other numbers; the index is made anew.
    removeSearchIndex(searchIndexPath(path));
    onNotice('the damaged database was set aside, whole', { at: aside });
  }
  if (existsSync(path)) return;

  const copy = `${path}.salvage`;
  const fresh = `${path}.new`;
  removeDatabase(copy);
  removeDatabase(fresh);
  checkRoom(aside);
  onStep?.('copying the damaged database');
  for (const suffix of ['', '-wal']) {
    if (existsSync(aside + suffix)) copyFileSync(aside + suffix, copy + suffix, constants.COPYFILE_FICLONE);
  }
  const report = salvageInto(fresh, copy, marked, { onNotice, onStep });
  finish(fresh, marked, report);
  removeDatabase(copy);
  renameSync(fresh, path);
  onNotice('what could be read of the damaged database is back', {
    kept: report?.eventsKept ?? 0,
    damaged: report?.damagedCount ?? 0,
    from: aside,
  });
}

/** The time of day for a file name: 20261122T101500Z. */
export function utcStamp(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function salvageInto(
  fresh: string,
  copy: string,
  marked: Marked,
  { onNotice, onStep }: { onNotice: Notice; onStep: OnStep | undefined },
): SalvageReport | undefined {
  try {
    return salvage(copy, fresh, { databaseId: marked.databaseId, ...(onStep !== undefined && { onStep }) });
  } catch (error) {
    if (isOfTheDisk(error)) throw error;
    onNotice('nothing could be read of the damaged database', { reason: String(error) });
    removeDatabase(fresh);
    return undefined;
  }
}

/** The disk failed or was full: what could not be read or written now can be later, so it is not given up. */
function isOfTheDisk(error: unknown): boolean {
  const failure = storageFailure(error);
  return failure === 'full' || failure === 'broken' || (error instanceof Error && 'syscall' in error);
}

/** Writes down what is gone, and where ids go on, before the new database takes its place. */
function finish(fresh: string, marked: Marked, report: SalvageReport | undefined): void {
  const db = openWriter(fresh);
  try {
    const nowSeconds = Date.now() / 1000;
    const ledger = new GapLedger(db);
    db.transaction(() => {
      for (const { count, sinceSeconds: since, untilSeconds: until } of report?.missingRanges ?? []) {
        ledger.lost({ count, since, until, reason: 'damaged' }, nowSeconds);
      }
      const lastId = report?.lastId ?? 0;
      if (report === undefined || marked.lastId > lastId) {
        // Without any row to go by, nobody can tell how many of the ids still had their event.
        const count = report === undefined ? 0 : marked.lastId - lastId;
        const newest = db.prepare<[], number | null>('SELECT max(timestamp) FROM event').pluck().get() ?? 0;
        ledger.lost({ count, since: Math.min(newest, nowSeconds), until: nowSeconds, reason: 'damaged' }, nowSeconds);
      }
      const set = db.prepare('UPDATE meta SET value = ? WHERE key = ?');
      set.run(Math.max(marked.lastId, lastId), 'last_id');
      set.run(marked.databaseId, 'database_id');
    }).immediate();
  } finally {
    db.close();
  }
}

/** @throws DaybookError damaged_database */
function checkRoom(aside: string): void {
  const { bavail, bsize } = statfsSync(dirname(aside));
  const needed = 2 * (statSync(aside).size + (statSync(`${aside}-wal`, { throwIfNoEntry: false })?.size ?? 0));
  if (bavail * bsize > needed) return;
  throw new DaybookError(
    'damaged_database',
    `the damaged database was set aside as ${aside}; saving what can be read of it needs ${needed} bytes of free space: ` +
      'make room and start daybook again',
  );
}

function removeDatabase(path: string): void {
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
}
