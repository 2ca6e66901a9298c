import type { Database } from 'better-sqlite3';
import type { GapLedger } from '../storage/gap-ledger.ts';
import type { NameKind, NameTable } from '../storage/name-table.ts';

export interface NameKey {
  kind: NameKind;
  id: number;
}

export interface Renamed extends NameKey {
  from: string;
  to: string;
}

/**
 * Of these names, takes away the texts of those that no event has any more. The number stays, because the counts of past
 * hours go by it. A source whose cadence is declared keeps its name. Call inside a transaction whose counts are saved, and
 * `renameAll` after its COMMIT.
 */
export function forgetNames(db: Database, keys: readonly NameKey[]): Renamed[] {
  const find = db
    .prepare<[string, number], string>(
      `SELECT text FROM name WHERE kind = ? AND id = ? AND events = 0 AND text NOT LIKE '(forgotten %)'
       AND NOT (kind = 'source' AND text IN (SELECT source FROM source_cadence))`,
    )
    .pluck();
  const isTaken = db.prepare<[string, string], 1>('SELECT 1 FROM name WHERE kind = ? AND text = ?').pluck();
  const rename = db.prepare<[string, string, number]>(
    'UPDATE name SET text = ?, committed = NULL WHERE kind = ? AND id = ?',
  );
  const leaveGaps = db.prepare<[number]>('UPDATE gap SET source_id = NULL WHERE source_id = ?');
  const leaveProducers = db.prepare<[number]>('UPDATE producer SET last_source_id = NULL WHERE last_source_id = ?');
  const renamed: Renamed[] = [];
  for (const { kind, id } of keys) {
    const text = find.get(kind, id);
    if (text === undefined) continue;
    let other = `(forgotten ${id})`;
    while (isTaken.get(kind, other) !== undefined) other = other.replace(' ', '  ');
    rename.run(other, kind, id);
    renamed.push({ kind, id, from: text, to: other });
    if (kind === 'source') {
      leaveGaps.run(id);
      leaveProducers.run(id);
    }
  }
  if (renamed.length > 0) forgetSamples(db, 'name');
  return renamed;
}

/** Brings what is in memory up to it. */
export function renameAll(renamed: readonly Renamed[], names: NameTable, gaps: GapLedger): void {
  for (const { kind, id, from, to } of renamed) names.rename(kind, id, from, to);
  // What it knows of producers may name a source that has no name any more.
  if (renamed.length > 0) gaps.rollback();
}

/** Names that no event has, and no gap speaks of: retention has deleted their events, or they never had any. */
export function unusedNames(db: Database): NameKey[] {
  return db
    .prepare<[], NameKey>(
      `SELECT kind, id FROM name WHERE events = 0 AND text NOT LIKE '(forgotten %)' AND NOT (kind = 'source' AND (
         id IN (SELECT source_id FROM gap WHERE source_id IS NOT NULL) OR
         id IN (SELECT last_source_id FROM producer WHERE last_source_id IS NOT NULL)))`,
    )
    .all();
}

/** What `PRAGMA optimize` has kept of the values in a table. */
export function forgetSamples(db: Database, table: 'name' | 'patterns'): void {
  const hasSamples = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'").get() !== undefined;
  if (hasSamples) db.prepare('DELETE FROM sqlite_stat4 WHERE tbl = ?').run(table);
}
