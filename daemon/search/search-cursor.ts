import { DaybookError } from '../../shared/errors.ts';

/** An opaque text for clients: everything from this id on was looked at. */
export function encodeSearchCursor(databaseId: string, id: number): string {
  return Buffer.from(JSON.stringify([databaseId, 'search', id])).toString('base64url');
}

/** @throws DaybookError invalid_cursor */
export function decodeSearchCursor(cursor: string, databaseId: string): number {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Said below.
  }
  const [madeBy, madeFor, id] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (madeFor !== 'search' || typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) {
    throw new DaybookError('invalid_cursor', 'this is not a cursor of a search');
  }
  if (madeBy !== databaseId) throw new DaybookError('invalid_cursor', 'the cursor belongs to another database');
  return id;
}
