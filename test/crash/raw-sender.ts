import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt } from '../../client/index.ts';
import type { RawClient } from '../harness/raw-client.ts';
import { ConnectionSender } from './connection-sender.ts';
import type { SentEvent } from './random-events.ts';

const FRAMES_UNDER_WAY = 8;

/** Lets the daemon hold its events back (`wait: false`), several requests at a time. */
export class RawSender extends ConnectionSender {
  /** Unanswered requests, in the order they were first sent. */
  readonly #pending = new Map<number, SentEvent[]>();
  #nextId = 1;

  protected get isOwed(): boolean {
    return this.#pending.size > 0;
  }

  protected async converse(client: RawClient): Promise<void> {
    for (const [id, events] of this.#pending) client.send('record', id, { events, wait: false });
    while (!client.isClosed && !this.isDone) {
      if (!this.isSettling) this.#fill(client);
      await pause(1);
      for (const frame of client.frames.splice(0)) this.#receive(frame.requestId, this.receiptIn(frame));
    }
  }

  #fill(client: RawClient): void {
    while (this.#pending.size < FRAMES_UNDER_WAY) {
      const events = this.source.batch(1, 10);
      this.ledger.sent(events);
      this.#pending.set(this.#nextId, events);
      client.send('record', this.#nextId, { events, wait: false });
      this.#nextId += 1;
      if (!this.source.chance(0.2)) continue;
      client.send('flush', this.#nextId, {});
      this.#nextId += 1;
    }
  }

  #receive(requestId: number, receipt: Receipt): void {
    const events = this.#pending.get(requestId);
    if (events === undefined) return;
    this.#pending.delete(requestId);
    this.ledger.receipt(events, receipt);
  }
}
