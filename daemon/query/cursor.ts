import { DaybookError } from '../../shared/errors.ts';
import type { Order } from '../../shared/messages/query.ts';

/** The last row of a page: the next page begins behind it. */
export interface PagePosition {
  timestamp: number;
  id: number;
}

/** An opaque text for clients. It names the database and the order, so that it cannot be used for another. */
export function encodeCursor(databaseId: string, order: Order, position: PagePosition): string {
  return Buffer.from(JSON.stringify([databaseId, order, position.timestamp, position.id])).toString('base64url');
}

/** @throws DaybookError invalid_cursor */
export function decodeCursor(cursor: string, databaseId: string, order: Order): PagePosition {
  const [madeBy, madeFor, timestamp, id] = partsOf(cursor, 4);
  if (madeBy !== databaseId) throw new DaybookError('invalid_cursor', 'the cursor belongs to another database');
  if (madeFor !== order) throw new DaybookError('invalid_cursor', `the cursor was made for order ${String(madeFor)}`);
  if (typeof timestamp !== 'number' || typeof id !== 'number') throw notACursor();
  return { timestamp, id };
}

/** The parts of a cursor. @throws DaybookError invalid_cursor when they are not so many */
export function partsOf(cursor: string, count: number): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === count) return parts;
  } catch {
    // Said below.
  }
  throw notACursor();
}

export function notACursor(): DaybookError {
  return new DaybookError('invalid_cursor', 'this is not a cursor of a query');
}
