import { DaybookError } from '../../shared/errors.ts';
import type { Order } from '../../shared/messages/query.ts';

/** A cursor of a listing by id: an opaque text that is good for one database, one kind of listing and one order. */
export class IdCursors {
  readonly #databaseId: string;
  readonly #kind: string;

  constructor(databaseId: string, kind: string) {
    this.#databaseId = databaseId;
    this.#kind = kind;
  }

  encode(order: Order, id: number): string {
    return Buffer.from(JSON.stringify([this.#databaseId, this.#kind, order, id])).toString('base64url');
  }

  /** The id it stands behind. @throws DaybookError invalid_cursor */
  decode(cursor: string, order: Order): number {
    const [databaseId, kind, madeFor, id] = parse(cursor);
    if (databaseId !== this.#databaseId || kind !== this.#kind || madeFor !== order || !Number.isSafeInteger(id)) {
      throw new DaybookError(
        'invalid_cursor',
        `this is not a cursor of ${this.#kind} of this database in order ${order}`,
      );
    }
    return id as number;
  }
}

function parse(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
