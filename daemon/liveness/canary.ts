import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { decode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import type { StoredEvent } from '../../shared/event.ts';
import { limits } from '../../shared/limits.ts';
import { canaryEvent, type CanaryReply } from '../../shared/messages/canary.ts';
import { encodeEvent, encodeRecordBody } from '../../shared/messages/record-body.ts';
import { type Durability, type Receipt, record } from '../../shared/messages/record.ts';
import type { Ingest, Sender } from '../ingest/ingest.ts';
import type { Reader } from '../query/reader.ts';

export interface CanaryParts {
  ingest: Pick<Ingest, 'record'>;
  reader: Pick<Reader, 'ask'>;
  /** False when the daemon stores nothing. */
  persists: boolean;
}

/** No connection has this id. */
const SENDER_ID = 0;

/**
 * An event that the daemon sends itself, by the way of everybody's, and reads back by the way of everybody's. What comes
 * back whole has been through all that stands between a client and the disk but the socket, which the one who asks has
 * tried.
 *
 * For a day it is the same event that is sent again: a duplicate, which the writer recognises, and whose commit writes and
 * flushes all the same. So whoever asks all the time leaves a row a day in the history. To take canaries back instead would
 * leave holes in the ids, and every tail that comes past would have to say that it has lost something.
 */
export class Canary {
  readonly #parts: CanaryParts;
  #last: { reply: CanaryReply; atMs: number } | undefined;
  #underWay: Promise<CanaryReply> | undefined;
  /** The event that is sent again, and since when. */
  #event: { event: StoredEvent; sinceMs: number } | undefined;

  constructor(parts: CanaryParts) {
    this.#parts = parts;
  }

  /**
   * Sends one out, joins the one that is under way, or gives the answer of the last one when that is not long ago.
   * @throws DaybookError what the way in or the way out refuses; persistence_disabled; storage_error when it comes back changed
   */
  fly(): Promise<CanaryReply> {
    const last = this.#last;
    if (last !== undefined && performance.now() - last.atMs < limits.canaryIntervalMs) {
      return Promise.resolve(last.reply);
    }
    this.#underWay ??= this.#fly().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fly(): Promise<CanaryReply> {
    if (!this.#parts.persists) {
      throw new DaybookError(
        'persistence_disabled',
        'this daemon is set to store nothing (enable_persistence is false)',
      );
    }
    const at = Date.now() / 1000;
    const startedMs = performance.now();
    const stored = await this.#store(at, startedMs);
    const committedMs = performance.now();
    const { id } = stored;
    if (!isDeepStrictEqual(await this.#read(id), stored)) {
      this.#event = undefined;
      throw new DaybookError('storage_error', `the canary was stored as event ${id} and did not come back as it was`);
    }
    const readMs = performance.now();
    const reply = { event_id: id, commit_ms: committedMs - startedMs, read_ms: readMs - committedMs, at };
    this.#last = { reply, atMs: startedMs };
    return reply;
  }

  async #store(at: number, nowMs: number): Promise<StoredEvent> {
    const known = this.#event;
    if (known !== undefined && nowMs - known.sinceMs < limits.canaryEventMs) {
      const { id: knownId, ...event } = known.event;
      const receipt = await this.#record(event, 'flushed');
      // Retention or a person may have taken it meanwhile; what was forgotten is refused from then on.
      if (receipt.rejected[0]?.code !== 'forgotten') {
        known.event = { ...event, id: receipt.duplicate === 1 ? knownId : storedId(receipt) };
        return known.event;
      }
    }
    const event = { ...canaryEvent, timestamp: at, data: { token: randomUUID() } };
    const stored = { ...event, id: storedId(await this.#record(event, 'committed')) };
    this.#event = { event: stored, sinceMs: nowMs };
    return stored;
  }

  #record(event: object, durability: Durability): Promise<Receipt> {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const sender: Sender = {
      id: SENDER_ID,
      reply: () => undefined,
      send: (_kind, _requestId, receipt) => resolve(record.parseReply(decode(receipt))),
      refuseRequest: (_requestId, error) => reject(error),
      pause: () => undefined,
      resume: () => undefined,
    };
    this.#parts.ingest.record(sender, 0, encodeRecordBody([encodeEvent(event)], durability, true));
    return promise;
  }

  async #read(id: number): Promise<unknown> {
    const { reader } = this.#parts;
    const filter = { types: [canaryEvent.type] };
    const { events } = await reader.ask({ kind: 'arrivals', afterId: id - 1, filter, maxRows: 1 });
    return (decode(events) as unknown[])[0];
  }
}

/** The id of its only event. @throws DaybookError */
function storedId({ stored, firstId, rejected: [rejection] }: Receipt): number {
  if (rejection !== undefined) throw new DaybookError(rejection.code, rejection.message);
  if (stored !== 1 || firstId === null) throw new DaybookError('storage_error', 'the canary was not stored');
  return firstId;
}
