import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { AckCursorRequest, NamedCursor } from '../../shared/messages/cursors.ts';
import type { TailPosition, TailRequest } from '../../shared/messages/tail.ts';
import { commitFor } from '../ingest/commit-for.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Reader } from '../query/reader.ts';
import type { Connection } from '../socket/connection.ts';
import type { CursorWork } from '../writer/cursor-jobs.ts';
import type { Publisher } from './publisher.ts';

/** Who follows under a name: the request of its tail, or of the one before the pause it makes. */
interface Claim {
  connection: Connection;
  requestId: number;
  isPaused: boolean;
}

/** Wants a name that another has. */
interface Successor {
  connection: Connection;
  requestId: number;
  name: string;
  begin: () => void;
  timer: NodeJS.Timeout;
}

export interface NamedCursorsParts {
  ingest: Pick<Ingest, 'commit'>;
  publisher: Publisher;
  reader: Pick<Reader, 'ask'>;
  databaseId: string;
}

/**
 * Tails that go on where their name has come to. A name belongs to one connection at a time: two consumers that
 * acknowledge for one another would leave holes in what each has done.
 */
export class NamedCursors {
  readonly #parts: NamedCursorsParts;
  readonly #claims = new Map<string, Claim>();
  readonly #successors = new Set<Successor>();

  constructor(parts: NamedCursorsParts) {
    this.#parts = parts;
  }

  /**
   * Starts a tail under a name, and answers its request. While another has the name it waits for a moment: the consumer
   * before may have ended already, and its connection not be seen to.
   * @throws DaybookError invalid_cursor
   */
  start(connection: Connection, requestId: number, request: TailRequest, name: string): void {
    const { after, cursorName: _name, ...rest } = request;
    if (after !== undefined) this.#checkDatabase(after);
    const work = { kind: 'open-cursor', name, ...(after !== undefined && { afterId: after.id }) } as const;
    const begin = () => {
      const claim: Claim = { connection, requestId, isPaused: false };
      this.#claims.set(name, claim);
      void this.#open(claim, name, work, rest);
    };
    const holder = this.#claims.get(name);
    if (holder === undefined || (holder.connection === connection && holder.isPaused)) begin();
    else this.#await({ connection, requestId, name, begin });
  }

  #await(successor: Omit<Successor, 'timer'>): void {
    const { connection, requestId, name } = successor;
    const giveUp = () => {
      this.#successors.delete(waiting);
      const { clientName, clientPid } = this.#claims.get(name)?.connection ?? {};
      const refusal = new DaybookError(
        'cursor_in_use',
        `${JSON.stringify(name)} is followed by ${JSON.stringify(clientName)} (pid ${clientPid}) already`,
      );
      connection.refuseRequest(requestId, refusal);
    };
    const mine = [...this.#successors].filter((each) => each.connection === connection).length;
    const delayMs = mine < limits.tailsPerConnection ? limits.cursorHandoverMs : 0;
    const waiting = { ...successor, timer: setTimeout(giveUp, delayMs) };
    this.#successors.add(waiting);
  }

  async #open(claim: Claim, name: string, work: CursorWork, request: TailRequest): Promise<void> {
    const { connection, requestId } = claim;
    const { ingest, publisher, databaseId } = this.#parts;
    const isCurrent = () => this.#claims.get(name) === claim && !claim.isPaused;
    try {
      const { id } = (await commitFor(ingest, connection, work, name.length)) as { id: number };
      if (!isCurrent()) return;
      const after = { databaseId, id };
      publisher.start(connection, requestId, { ...request, after }, () => this.#release(name, claim));
    } catch (error) {
      if (!isCurrent()) return;
      this.#release(name, claim);
      const known = error instanceof DaybookError ? error : new DaybookError('internal', String(error));
      connection.refuseRequest(requestId, known);
    }
  }

  /** The tail with this request was stopped. @param keep the connection will go on with it */
  stopped(connection: Connection, requestId: number, keep: boolean): void {
    this.#endWaiting((each) => each.connection === connection && each.requestId === requestId);
    for (const [name, claim] of this.#claims) {
      if (claim.connection !== connection || claim.requestId !== requestId) continue;
      if (keep) claim.isPaused = true;
      else this.#release(name, claim);
    }
  }

  forget(connection: Connection): void {
    this.#endWaiting((each) => each.connection === connection);
    for (const [name, claim] of this.#claims) if (claim.connection === connection) this.#release(name, claim);
  }

  /** @throws DaybookError invalid_cursor */
  acknowledge(connection: Connection, requestId: number, { name, position, wait }: AckCursorRequest): void {
    this.#checkDatabase(position);
    const work = { kind: 'ack-cursor', name, id: position.id, wait } as const;
    this.#parts.ingest.commit(connection, requestId, work, name.length);
  }

  /** @throws DaybookError cursor_in_use */
  delete(connection: Connection, requestId: number, name: string): void {
    if (this.#claims.has(name)) {
      throw new DaybookError('cursor_in_use', `a tail follows under the name ${JSON.stringify(name)}; end it first`);
    }
    this.#parts.ingest.commit(connection, requestId, { kind: 'delete-cursor', name }, name.length);
  }

  async list(): Promise<NamedCursor[]> {
    const known = await this.#parts.reader.ask({ kind: 'cursors' });
    return known.map((cursor) => ({ ...cursor, inUse: this.#claims.has(cursor.name) }));
  }

  #release(name: string, claim: Claim): void {
    if (this.#claims.get(name) !== claim) return;
    this.#claims.delete(name);
    const [next] = this.#endWaiting((each) => each.name === name, 1);
    next?.begin();
  }

  /** Takes out the longest waiting that are meant, and returns them. */
  #endWaiting(isMeant: (successor: Successor) => boolean, most = Number.POSITIVE_INFINITY): Successor[] {
    const meant = [...this.#successors].filter(isMeant).slice(0, most);
    for (const successor of meant) {
      clearTimeout(successor.timer);
      this.#successors.delete(successor);
    }
    return meant;
  }

  #checkDatabase({ databaseId }: TailPosition): void {
    if (databaseId === this.#parts.databaseId) return;
    throw new DaybookError('invalid_cursor', 'the position belongs to another database');
  }
}
