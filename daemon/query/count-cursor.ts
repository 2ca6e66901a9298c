import { DaybookError } from '../../shared/errors.ts';
import { notACursor, partsOf } from './cursor.ts';
import type { Drive } from './event-filter.ts';
import type { RowKey } from './grouped-rows.ts';
import type { NamePair } from './name-pairs.ts';

/** Where a count goes on: in which part of the time, by which index, behind which row. */
export interface CountPosition {
  part: number;
  /** Names whose events are left. There may be others by now, but these were begun with. */
  drive?: Drive;
  key?: RowKey;
}

export function encodeCountCursor(databaseId: string, { part, drive, key }: CountPosition): string {
  const names = drive && (drive.by === 'time' ? [] : drive.pairs.flat());
  const values = key?.map((value) => (typeof value === 'number' ? value : value.toString('hex')));
  const parts = [databaseId, 'count', part, names ?? null, values ?? null];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws DaybookError invalid_cursor */
export function decodeCountCursor(cursor: string, databaseId: string): CountPosition {
  const [madeBy, madeFor, part, names, values] = partsOf(cursor, 5);
  if (madeBy !== databaseId) throw new DaybookError('invalid_cursor', 'the cursor belongs to another database');
  if (madeFor !== 'count' || !isPlace(part)) throw notACursor();
  return {
    part,
    ...(names !== null && { drive: driveFrom(names) }),
    ...(values !== null && { key: listFrom(values).map(keyValue) }),
  };
}

function driveFrom(names: unknown): Drive {
  const ids = listFrom(names);
  if (ids.length === 0) return { by: 'time' };
  if (ids.length % 2 !== 0 || !ids.every(isPlace)) throw notACursor();
  const pairs = Array.from({ length: ids.length / 2 }, (_, n): NamePair => [ids[2 * n] ?? 0, ids[2 * n + 1] ?? 0]);
  return { by: 'name', pairs };
}

function listFrom(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw notACursor();
  return value;
}

function isPlace(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function keyValue(value: unknown): number | Buffer {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return Buffer.from(value, 'hex');
  throw notACursor();
}
