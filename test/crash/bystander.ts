import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import type { RawClient } from '../harness/raw-client.ts';
import { ConnectionSender } from './connection-sender.ts';
import type { RandomEvents, SentEvent } from './random-events.ts';
import type { Succession } from './succession.ts';

const LONGEST_LOOK_MS = 100;

/** Wants one receipt at a time, and knows how long it ever had to wait for one while a daemon was up. */
export class Bystander extends ConnectionSender {
  /** Of every receipt, and of every daemon that owed one when it was killed. */
  longestWaitMs = 0;
  receipts = 0;
  #unanswered: SentEvent | undefined;

  constructor(succession: Succession, ledger: Ledger, source: RandomEvents) {
    super('bystander', succession, ledger, source);
  }

  protected get isOwed(): boolean {
    return this.#unanswered !== undefined;
  }

  protected async converse(client: RawClient): Promise<void> {
    for (let id = 1; !client.isClosed && !this.isDone; id += 1) {
      const receipt = await this.#ask(client, id);
      if (receipt === undefined) return;
      this.receipts += 1;
      await pause(this.source.integer(0, 10));
    }
  }

  /** Undefined when the connection ends first: the event comes again with the next one. */
  async #ask(client: RawClient, requestId: number): Promise<Receipt | undefined> {
    this.#unanswered ??= this.source.next();
    const event = this.#unanswered;
    this.ledger.sent([event]);
    client.send('record', requestId, { events: [event] });
    for (let waitedMs = 0, lookedMs = performance.now(); ; ) {
      // A pause of this process is not one of the daemon.
      waitedMs += Math.min(performance.now() - lookedMs, LONGEST_LOOK_MS);
      lookedMs = performance.now();
      this.longestWaitMs = Math.max(this.longestWaitMs, waitedMs);
      const answer = client.frames.splice(0).find((frame) => frame.requestId === requestId);
      if (answer !== undefined) {
        const receipt = this.receiptIn(answer);
        this.ledger.receipt([event], receipt);
        this.#unanswered = undefined;
        return receipt;
      }
      if (client.isClosed) return undefined;
      await pause(1);
    }
  }
}
