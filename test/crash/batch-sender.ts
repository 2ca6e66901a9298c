import type { Client } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import type { SentEvent } from './random-events.ts';
import type { Sender } from './sender.ts';

/** Awaits the receipt of each batch. */
export class BatchSender implements Sender {
  readonly name: string;
  readonly #client: Client;
  readonly #ledger: Ledger;
  readonly #make: () => SentEvent[];
  #isSettling = false;
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, client: Client, ledger: Ledger, make: () => SentEvent[]) {
    this.name = name;
    this.#client = client;
    this.#ledger = ledger;
    this.#make = make;
  }

  run(): Promise<void> {
    this.#running = this.#send();
    return this.#running;
  }

  async settle(): Promise<void> {
    this.#isSettling = true;
    await this.#running;
    await this.#client.close();
  }

  abandon(): void {
    this.#isSettling = true;
    // What waits for a receipt is refused as closed.
    this.#client.close({ timeoutMs: 0 }).catch(() => undefined);
  }

  async #send(): Promise<void> {
    while (!this.#isSettling) {
      const events = this.#make();
      this.#ledger.sent(events);
      this.#ledger.receipt(events, await this.#client.recordBatch(events));
    }
  }
}
