import type { Client } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { ClientSender } from './client-sender.ts';
import type { SentEvent } from './random-events.ts';

/** Awaits the receipt of each batch. */
export class BatchSender extends ClientSender {
  readonly #make: () => SentEvent[];

  constructor(name: string, client: Client, ledger: Ledger, make: () => SentEvent[]) {
    super(name, client, ledger);
    this.#make = make;
  }

  protected async sendSome(): Promise<void> {
    const events = this.#make();
    this.ledger.sent(events);
    this.ledger.receipt(events, await this.client.recordBatch(events));
  }
}
