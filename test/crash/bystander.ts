import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { RawClient } from '../harness/raw-client.ts';
import type { RandomEvents, SentEvent } from './random-events.ts';
import type { Sender } from './sender.ts';
import type { Succession } from './succession.ts';

const LONGEST_LOOK_MS = 100;

/** Wants one receipt at a time, and knows how long it ever had to wait for one while a daemon was up. */
export class Bystander implements Sender {
  readonly name = 'bystander';
  /** Of every receipt, and of every daemon that owed one when it was killed. */
  longestWaitMs = 0;
  receipts = 0;
  readonly #succession: Succession;
  readonly #ledger: Ledger;
  readonly #source: RandomEvents;
  #unanswered: SentEvent | undefined;
  #isSettling = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();

  constructor(succession: Succession, ledger: Ledger, source: RandomEvents) {
    this.#succession = succession;
    this.#ledger = ledger;
    this.#source = source;
  }

  run(): Promise<void> {
    this.#running = this.#send();
    return this.#running;
  }

  async settle(): Promise<void> {
    this.#isSettling = true;
    await this.#running;
  }

  abandon(): void {
    this.#isAbandoned = true;
  }

  get #isDone(): boolean {
    return this.#isAbandoned || (this.#isSettling && this.#unanswered === undefined);
  }

  async #send(): Promise<void> {
    while (!this.#isDone) {
      await this.#succession.up();
      const client = await RawClient.open(this.#succession.paths.socket).catch(() => undefined);
      if (client === undefined) continue;
      client.send('hello', 0, { protocol: { min: 1, max: 1 }, client: { name: this.name, pid: process.pid } });
      for (let id = 1; !client.isClosed && !this.#isDone; id += 1) {
        const receipt = await this.#ask(client, id);
        if (receipt === undefined) break;
        this.receipts += 1;
        await pause(this.#source.integer(0, 10));
      }
      client.destroy();
    }
  }

  /** Undefined when the connection ends first: the event comes again with the next one. */
  async #ask(client: RawClient, requestId: number): Promise<Receipt | undefined> {
    this.#unanswered ??= this.#source.next();
    const event = this.#unanswered;
    this.#ledger.sent([event]);
    client.send('record', requestId, { events: [event] });
    for (let waitedMs = 0, lookedMs = performance.now(); ; ) {
      // A pause of this process is not one of the daemon.
      waitedMs += Math.min(performance.now() - lookedMs, LONGEST_LOOK_MS);
      lookedMs = performance.now();
      this.longestWaitMs = Math.max(this.longestWaitMs, waitedMs);
      const answer = client.frames.splice(0).find((frame) => frame.requestId === requestId);
      if (answer !== undefined) {
        if (answer.kind !== 'reply')
          throw new Error(`the bystander got ${answer.kind}: ${JSON.stringify(answer.body)}`);
        this.#ledger.receipt([event], answer.body as Receipt);
        this.#unanswered = undefined;
        return answer.body as Receipt;
      }
      if (client.isClosed) return undefined;
      await pause(1);
    }
  }
}
